/** What a rollout came to and why, as one sentence. What failed is never told as a wrong answer. */
import type { PhaseTiming, Rollout } from "@/api/types";
import { isLive } from "@/features/rollouts/outcome";
import { formatCount } from "@/lib/format";
import { firstLine, shorten } from "@/lib/text";

const LONGEST = 400;

const DURING: Record<PhaseTiming["phase"], string> = {
  provision: "while its environment was being made",
  browser: "while its page was being opened",
  agent: "while the agent was acting",
  verify: "while its answer was being verified",
  teardown: "while it was being cleaned up",
};

/** Errors of the agent and of its model; all others are of the infrastructure. */
const OF_THE_AGENT = new Set(["AgentError", "ModelError"]);

export function sentenceOf(rollout: Rollout): string {
  const { status, verdict } = rollout;
  if (isLive(status)) return inProgress(rollout);
  if (status === "failed") return failure(rollout);
  if (status === "cancelled") return `Cancelled by a person after ${formatCount(rollout.steps, "step")}: no verdict.`;
  if (verdict === null) return "It completed without a verdict.";
  return asSentence(shorten(verdict.reason, LONGEST));
}

function inProgress({ status, steps, cancel_requested, attempt }: Rollout): string {
  if (cancel_requested) return "A person asked it to stop; it is being cleaned up.";
  if (status === "pending") {
    return attempt > 1 ? `It waits for a free worker, for attempt ${attempt}.` : "It waits for a free worker.";
  }
  if (status === "provisioning") return "Its environment and its browser are being made.";
  if (status === "verifying")
    return `The agent stopped after ${formatCount(steps, "step")}; its answer is being verified.`;
  return steps === 0
    ? "The agent looks at its first page."
    : `The agent is acting: ${formatCount(steps, "step")} so far.`;
}

function failure({ errors }: Rollout): string {
  const first = errors[0];
  if (first === undefined) return "It failed, and no error was recorded: no verdict.";
  const what = OF_THE_AGENT.has(first.kind) ? "The agent failed" : "The infrastructure failed";
  return `${what} ${DURING[first.phase]}, so there is no verdict: ${shorten(firstLine(first.message), LONGEST)}`;
}

/** The verifier's reasons begin small and end without a full stop. */
function asSentence(reason: string): string {
  const sentence = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
