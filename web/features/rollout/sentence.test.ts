import { describe, expect, it } from "vitest";
import { rollout } from "@/tests/samples";
import { sentenceOf } from "./sentence";

const verdict = (reason: string) => ({ reward: 0, success: false, parsed: null, evidence: [], reason });
const error = (kind: string, phase: "provision" | "agent", message: string) => ({
  kind,
  phase,
  message,
  retryable: true,
});

describe("the sentence about a rollout", () => {
  it("is the verifier's reason, as a sentence", () => {
    const wrong = rollout({ success: false, verdict: verdict("2 of 3 fields match; ratings[1]: expected 5, got 4.8") });
    expect(sentenceOf(wrong)).toBe("2 of 3 fields match; ratings[1]: expected 5, got 4.8.");
  });

  it("says of an infrastructure's failure that there is no verdict, and nothing of a wrong answer", () => {
    const failed = rollout({
      status: "failed",
      verdict: null,
      success: null,
      errors: [error("EnvironmentFailure", "provision", "no port was free\nat x.py:3")],
    });
    expect(sentenceOf(failed)).toBe(
      "The infrastructure failed while its environment was being made, so there is no verdict: no port was free",
    );
  });

  it("tells the agent's own failure from that of the infrastructure", () => {
    const failed = rollout({ status: "failed", verdict: null, errors: [error("ModelError", "agent", "401")] });
    expect(sentenceOf(failed)).toContain("The agent failed while the agent was acting");
  });

  it("says what goes on", () => {
    expect(sentenceOf(rollout({ status: "running", steps: 3 }))).toBe("The agent is acting: 3 steps so far.");
    expect(sentenceOf(rollout({ status: "pending", attempt: 2 }))).toContain("attempt 2");
    expect(sentenceOf(rollout({ status: "running", cancel_requested: true }))).toContain("asked it to stop");
  });

  it("bounds what others wrote", () => {
    expect(sentenceOf(rollout({ verdict: verdict("x".repeat(1_000_000)) })).length).toBeLessThan(500);
  });
});
