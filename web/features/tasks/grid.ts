/** The rollouts of a task by who tried it. */
import type { PassCurve, Rollout } from "@/api/types";

/** So many rollouts are shown, the newest ones. */
export const MOST_IN_GRID = 1_000;

export type Contestant = { key: string; agent: string; model: string | null; rollouts: readonly Rollout[] };

/** Each agent and model with its rollouts, the oldest first; those with the most rollouts come first. */
export function contestantsOf(newestFirst: readonly Rollout[]): Contestant[] {
  const found = new Map<string, Rollout[]>();
  for (const rollout of newestFirst) {
    const key = JSON.stringify([rollout.agent, rollout.model]);
    found.set(key, [rollout, ...(found.get(key) ?? [])]);
  }
  return [...found]
    .map(([key, rollouts]) => {
      const [agent, model] = JSON.parse(key) as [string, string | null];
      return { key, agent, model, rollouts };
    })
    .sort((left, right) => right.rollouts.length - left.rollouts.length || left.key.localeCompare(right.key));
}

export function curveOf(curves: readonly PassCurve[] | undefined, { agent, model }: Contestant): PassCurve | null {
  return curves?.find((curve) => curve.agent === agent && curve.model === model) ?? null;
}
