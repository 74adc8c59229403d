"use client";

import {
  parseAsArrayOf,
  parseAsFloat,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from "nuqs";
import { useBatchesById } from "@/api/batches";
import { type Recording, useRolloutsById, useStepsOfAll } from "@/api/queries";
import type { Batch, RolloutDetail } from "@/api/types";
import { recordingOf } from "@/features/rollout/attempt";
import type { Moment, Steps, Sync } from "./steps";

export const MOST_COMPARED = 4;

const ADDRESS = {
  ids: parseAsArrayOf(parseAsString).withDefault([]),
  base: parseAsString,
  sync: parseAsStringLiteral(["step", "time"]).withDefault("step"),
  /** Counted from 1. */
  step: parseAsInteger.withDefault(1),
  /** Seconds of the videos. */
  t: parseAsFloat.withDefault(0).withOptions({ throttleMs: 500 }),
};

/** One of the rollouts that are compared, with the batch that it belongs to as soon as that is known. */
export type Column = { rollout: RolloutDetail; recording: Recording; steps: Steps; batch: Batch | undefined };

/** What the address asks to compare, in its order but with the baseline first, and of which moment. */
export function useComparison() {
  const [{ ids: asked, base, sync, step, t }, setAddress] = useQueryStates(ADDRESS);
  const ids = orderOf(asked, base);
  const rollouts = useRolloutsById(ids);
  const found = rollouts.flatMap(({ data }) => data ?? []);
  const recordings = found.map((rollout) => recordingOf(rollout.origin ?? rollout));
  const steps = useStepsOfAll(recordings);
  const batches = useBatchesById(found.map(({ batch_id }) => batch_id)).flatMap(({ data }) => data ?? []);
  const columns = found.map(
    (rollout, place): Column => ({
      rollout,
      recording: recordings[place] as Recording,
      steps: steps[place]?.data?.steps ?? [],
      batch: batches.find(({ id }) => id === rollout.batch_id),
    }),
  );
  const moment: Moment =
    sync === "step" ? { sync, position: Math.max(0, step - 1) } : { sync, seconds: Math.max(0, t) };

  return {
    ids,
    columns,
    loading: rollouts.some(({ isPending }) => isPending) || steps.some(({ isPending }) => isPending),
    missing: ids.filter((_id, place) => rollouts[place]?.error != null),
    moment,
    goTo: (to: Moment) => setAddress(to.sync === "step" ? { step: to.position + 1 } : { t: rounded(to.seconds) }),
    setSync: (to: Sync) => setAddress({ sync: to }),
    pin: (id: string) => setAddress({ base: id }),
    add: (id: string) => setAddress({ ids: [...new Set([...asked, id])] }),
    remove: (id: string) => setAddress({ ids: asked.filter((each) => each !== id), base: base === id ? null : base }),
  };
}

export type Comparison = ReturnType<typeof useComparison>;

/** The baseline first; each once, and no more than can stand side by side. */
function orderOf(asked: readonly string[], base: string | null): string[] {
  const unique = [...new Set(asked)].filter((id) => id !== "").slice(0, MOST_COMPARED);
  return base !== null && unique.includes(base) ? [base, ...unique.filter((id) => id !== base)] : unique;
}

const rounded = (seconds: number) => Math.round(seconds * 100) / 100;
