import type { Rollout, Step } from "@/api/types";

const LONG_SECONDS = 60;
const REPEATS = "You have done this "; // how the server begins the hint to an agent that does the same again and again

/** Why a running rollout may be stuck, in words; null where it is not. */
export function stallWarning(
  rollout: Pick<Rollout, "status" | "started_at">,
  step: Pick<Step, "at" | "notice" | "wait_seconds" | "agent_seconds" | "action_seconds"> | null,
  now: number,
  inWords: (seconds: number) => string,
): string | null {
  if (rollout.status !== "running") return null;
  if (step?.notice?.split("\n").some((line) => line.startsWith(REPEATS))) return "It does the same again and again";
  const since = step === null ? rollout.started_at : step.at;
  if (since === null) return null;
  const spent = step === null ? 0 : step.agent_seconds + step.action_seconds; // the step's time is that of its beginning
  const seconds = (now - Date.parse(since)) / 1000 - spent;
  return seconds < LONG_SECONDS ? null : `No step for ${inWords(Math.floor(seconds))}`;
}
