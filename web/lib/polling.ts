/**
 * How often pages ask the server again. TanStack Query asks only while the page is visible (`refetchIntervalInBackground`
 * is off) and at once when it becomes visible again.
 */

import type { Rollout, Status } from "@/api/types";
import { isLive } from "@/features/rollouts/outcome";

export const CALM_MS = 3000;
export const LIVE_MS = 1000;

/** A list: faster while something in it moves. */
export function listInterval(rollouts: readonly { status: Status }[]): number {
  return rollouts.some((rollout) => isLive(rollout.status)) ? LIVE_MS : CALM_MS;
}

/** One rollout: until it is known, calmly; while it is live, fast; never again once it ended. */
export function rolloutInterval(rollout: Pick<Rollout, "status"> | undefined): number | false {
  if (rollout === undefined) return CALM_MS;
  return isLive(rollout.status) ? LIVE_MS : false;
}
