"use client";

import { useEffect, useRef, useState } from "react";
import { failureOf } from "@/api/problem";

/** Something that takes a while: what it is, how far, and how it ended. `total` is null where nobody knows. */
export type Job = { name: string; done: number; total: number | null; ended: string | null; failed: boolean };

export type Work = (told: (done: number) => void, signal: AbortSignal) => Promise<string>;

/** One job at a time; its last words stay until they are dismissed. It is given up with the page. */
export function useJob() {
  const [job, setJob] = useState<Job | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const run = async (name: string, total: number | null, work: Work) => {
    abort.current?.abort();
    const controller = new AbortController();
    abort.current = controller;
    const set = (change: Partial<Job>) => {
      if (abort.current === controller) setJob({ name, total, done: 0, ended: null, failed: false, ...change });
    };
    set({});
    try {
      const words = await work((done) => set({ done }), controller.signal);
      set({ done: total ?? 0, ended: words });
    } catch (error) {
      if (!controller.signal.aborted) set({ ended: failureOf(error).detail, failed: true });
    }
  };
  const dismiss = () => {
    abort.current?.abort();
    setJob(null);
  };
  return { job, run, dismiss };
}
