"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { answerTask, giveSign, handBack, order, takeOver, usePeopleOf } from "@/api/people";
import { failureOf, isConflict } from "@/api/problem";
import type { Action, Takeover } from "@/api/types";
import { Orders } from "./input";

const SIGN_MS = 8000; // a third of what the server waits for

/** A name for this page's takeover that nobody can guess; `randomUUID` is not there on every address. */
function newHolder(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export type Control = {
  /** How the takeover stands, also another person's. */
  takeover: Takeover | null;
  /** Whether this page has it, or has asked for it. */
  isMine: boolean;
  canAct: boolean;
  problem: string | null;
  answered: boolean;
  take: () => void;
  giveBack: () => void;
  act: (action: Action) => void;
  submit: (text: string) => void;
};

/** This page's control of a rollout's page; it is handed back when this page is left. */
export function useTakeover(rolloutId: string): Control {
  const queries = useQueryClient();
  const { takeover } = usePeopleOf(rolloutId);
  const [holder, setHolder] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [answered, setAnswered] = useState(false);
  const orders = useRef<Orders | null>(null);

  const refresh = useCallback(() => void queries.invalidateQueries({ queryKey: ["people"] }), [queries]);
  const failed = useCallback(
    (error: unknown) => {
      setProblem(failureOf(error).detail);
      if (isConflict(error)) setHolder(null);
      refresh();
    },
    [refresh],
  );

  useEffect(() => {
    if (holder === null) return;
    const sign = setInterval(() => void giveSign(rolloutId, holder).catch(failed), SIGN_MS);
    const sending = new Orders(async (actions) => {
      try {
        const done = await order(rolloutId, holder, actions);
        setProblem(done.results.find(({ error }) => error != null)?.error ?? null);
      } catch (error) {
        failed(error);
      }
    });
    orders.current = sending;
    const leave = () => handBack(rolloutId, holder);
    window.addEventListener("pagehide", leave);
    return () => {
      clearInterval(sign);
      sending.end();
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [rolloutId, holder, failed]);

  const take = () => {
    const mine = newHolder();
    setProblem(null);
    takeOver(rolloutId, mine).then(() => {
      setHolder(mine);
      refresh();
    }, failed);
  };
  const submit = (text: string) => {
    if (holder === null) return;
    answerTask(rolloutId, holder, text).then(() => setAnswered(true), failed);
  };
  const isMine = holder !== null;
  return {
    takeover,
    isMine,
    canAct: isMine && takeover?.state === "held",
    problem,
    answered,
    take,
    giveBack: () => setHolder(null),
    act: (action) => orders.current?.add(action),
    submit,
  };
}
