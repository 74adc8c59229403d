"use client";

import { useState } from "react";
import type { Rollout } from "@/api/types";

export type RolloutSelection = {
  chosen: ReadonlyMap<string, Rollout>;
  toggle: (rollout: Rollout) => void;
  add: (rollouts: readonly Rollout[]) => void;
  remove: (ids: readonly string[]) => void;
  clear: () => void;
};

/** The rollouts that are chosen for something that is done with several at once. */
export function useRolloutSelection(): RolloutSelection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Rollout>>(new Map());
  const change = (act: (after: Map<string, Rollout>) => void) =>
    setChosen((before) => {
      const after = new Map(before);
      act(after);
      return after;
    });
  return {
    chosen,
    toggle: (rollout) => change((after) => after.delete(rollout.id) || after.set(rollout.id, rollout)),
    add: (rollouts) =>
      change((after) => {
        for (const rollout of rollouts) after.set(rollout.id, rollout);
      }),
    remove: (ids) =>
      change((after) => {
        for (const id of ids) after.delete(id);
      }),
    clear: () => setChosen(new Map()),
  };
}
