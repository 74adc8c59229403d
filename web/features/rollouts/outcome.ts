/**
 * What a rollout came to, in words and one of the page's tones. Two outcomes that are never merged: `status` is what happened
 * to the rollout, `success` what the verifier said of a completed one. A failed rollout is not a wrong answer.
 */
import type { Counts, Rollout, Status } from "@/api/types";

export type Tone = "waiting" | "live" | "success" | "wrong" | "failed" | "cancelled";

export type Outcome = { label: string; tone: Tone; meaning: string };

const IN_PROGRESS: Partial<Record<Status, Outcome>> = {
  pending: { label: "Pending", tone: "waiting", meaning: "waits for a free worker" },
  provisioning: { label: "Provisioning", tone: "live", meaning: "its environment and browser are being made" },
  running: { label: "Running", tone: "live", meaning: "the agent is acting" },
  verifying: { label: "Verifying", tone: "live", meaning: "its answer is being verified" },
};

const SUCCESS: Outcome = { label: "Success", tone: "success", meaning: "completed, and the verifier found it right" };
const WRONG: Outcome = { label: "Wrong", tone: "wrong", meaning: "completed, and the verifier found it wrong" };
const FAILED: Outcome = {
  label: "Failed",
  tone: "failed",
  meaning: "an infrastructure or agent error ended it: no verdict, and left out of every rate",
};
const CANCELLED: Outcome = {
  label: "Cancelled",
  tone: "cancelled",
  meaning: "ended by a person; left out of every rate",
};
const CANCELLING: Outcome = { label: "Cancelling", tone: "cancelled", meaning: "is being ended by a person" };
const UNVERIFIED: Outcome = { label: "Completed", tone: "waiting", meaning: "completed, without a verdict" };

export function isLive(status: Status): boolean {
  return status in IN_PROGRESS;
}

export function outcomeOf(rollout: Pick<Rollout, "status" | "success" | "cancel_requested">): Outcome {
  const inProgress = IN_PROGRESS[rollout.status];
  if (inProgress !== undefined) return rollout.cancel_requested ? CANCELLING : inProgress;
  if (rollout.status === "failed") return FAILED;
  if (rollout.status === "cancelled") return CANCELLED;
  if (rollout.success === null) return UNVERIFIED;
  return rollout.success ? SUCCESS : WRONG;
}

/** Why the agent stopped, where that is not simply its answer. */
export function truncationOf(rollout: Pick<Rollout, "stop_reason">): string | null {
  if (rollout.stop_reason === "step_limit") return "Truncated: out of steps";
  if (rollout.stop_reason === "time_limit") return "Truncated: out of time";
  if (rollout.stop_reason === "token_limit") return "Truncated: out of tokens";
  if (rollout.stop_reason === "cost_limit") return "Truncated: out of money";
  if (rollout.stop_reason === "stalled") return "Truncated: it did the same again and again";
  return null;
}

/** How many rollouts a success rate leaves out, and why, in words; null where it leaves none out. */
export function leftOut(
  counts: Pick<Counts, "failed" | "cancelled" | "live">,
): { count: number; reasons: string } | null {
  const reasons = [
    [counts.failed, "failed"],
    [counts.cancelled, "cancelled"],
    [counts.live, "not finished"],
  ] as const;
  const count = reasons.reduce((sum, [part]) => sum + part, 0);
  if (count === 0) return null;
  return {
    count,
    reasons: reasons
      .filter(([part]) => part > 0)
      .map(([part, word]) => `${part} ${word}`)
      .join(", "),
  };
}

/** A rate with all that it does not say, as one sentence. */
export function rateInWords(counts: Counts): string {
  const out = leftOut(counts);
  const rest = out === null ? "none left out" : `${out.count} left out (${out.reasons})`;
  if (counts.completed === 0) return `no completed rollout yet; ${rest}`;
  return `${counts.succeeded} of ${counts.completed} completed rollouts succeeded; ${rest}`;
}

export const NO_COUNTS: Counts = {
  total: 0,
  live: 0,
  completed: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  success_rate: null,
};

export function sumCounts(all: readonly Counts[]): Counts {
  const sum = all.reduce(
    (left, right) => ({
      total: left.total + right.total,
      live: left.live + right.live,
      completed: left.completed + right.completed,
      succeeded: left.succeeded + right.succeeded,
      failed: left.failed + right.failed,
      cancelled: left.cancelled + right.cancelled,
      success_rate: null,
    }),
    NO_COUNTS,
  );
  return { ...sum, success_rate: sum.completed === 0 ? null : sum.succeeded / sum.completed };
}
