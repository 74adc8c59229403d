/** A rollout's attempts: which one is shown, why the earlier ones ended, what is played back. */
import type { Recording } from "@/api/queries";
import type { Attempt, Rollout } from "@/api/types";
import { isLive } from "@/features/rollouts/outcome";
import { firstLine, shorten } from "@/lib/text";

/** What is played back of a rollout: its present attempt, or the earlier one that is given. */
export function recordingOf(rollout: Rollout, earlier: Attempt | null = null): Recording {
  if (earlier !== null) {
    const { number, steps, video_url } = earlier;
    return { rolloutId: rollout.id, attempt: number, live: false, steps, videoUrl: video_url };
  }
  const { id, attempt, status, steps, video_url } = rollout;
  return { rolloutId: id, attempt, live: isLive(status), steps, videoUrl: video_url };
}

/** The earlier attempt that an address names; null where it names none, or the present one. */
export function earlierAttempt(attempts: readonly Attempt[], number: number | null): Attempt | null {
  return attempts.find((attempt) => !attempt.present && attempt.number === number) ?? null;
}

/** Why an attempt ended without deciding its rollout, in a few words. */
export function endInWords({ errors }: Pick<Attempt, "errors">): string {
  const first = errors[0];
  return first === undefined ? "stopped with its worker" : `failed: ${first.kind}`;
}

/** The same with the error's own first line, where there is one. */
export function endInFull(attempt: Pick<Attempt, "errors">): string {
  const first = attempt.errors[0];
  if (first === undefined) return "Its worker was stopped on purpose, which counts against nothing.";
  return `${first.kind} in phase ${first.phase}: ${shorten(firstLine(first.message), 240)}`;
}

type Standing = Pick<Rollout, "status" | "attempt" | "retries_left">;

/** Where a rollout of several attempts stands; null for one that is in its first, or was decided by it. */
export function attemptInWords({ status, attempt, retries_left }: Standing): string | null {
  if (attempt === 1) return null;
  const ofAll = `Attempt ${attempt} of ${attempt + retries_left}`;
  if (status === "pending") return `${ofAll} waits for a free worker`;
  if (isLive(status)) return `${ofAll} goes on`;
  return status === "cancelled" ? `Cancelled in attempt ${attempt}` : `Decided by attempt ${attempt}`;
}
