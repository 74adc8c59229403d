import { describe, expect, it } from "vitest";
import { counts, rollout } from "@/tests/samples";
import { leftOut, outcomeOf, rateInWords, sumCounts, truncationOf } from "./outcome";

describe("what a rollout came to", () => {
  it.each([
    ["pending", "Pending", "waiting"],
    ["provisioning", "Provisioning", "live"],
    ["running", "Running", "live"],
    ["verifying", "Verifying", "live"],
  ] as const)("is shown as it goes on: %s", (status, label, tone) => {
    expect(outcomeOf(rollout({ status, success: null }))).toMatchObject({ label, tone });
  });

  it("tells a right answer from a wrong one", () => {
    expect(outcomeOf(rollout({ success: true })).tone).toBe("success");
    expect(outcomeOf(rollout({ success: false })).tone).toBe("wrong");
  });

  it("never shows a failure as a wrong answer", () => {
    expect(outcomeOf(rollout({ status: "failed", success: null }))).toMatchObject({ label: "Failed", tone: "failed" });
  });

  it("never shows a cancelled rollout as wrong or failed", () => {
    expect(outcomeOf(rollout({ status: "cancelled", success: null })).tone).toBe("cancelled");
  });

  it("says that a live one is being cancelled", () => {
    expect(outcomeOf(rollout({ status: "running", success: null, cancel_requested: true })).label).toBe("Cancelling");
  });

  it("says nothing of a cancellation that came too late", () => {
    expect(outcomeOf(rollout({ status: "completed", cancel_requested: true })).label).toBe("Success");
  });
});

it("a truncated rollout says what it ran out of", () => {
  expect(truncationOf({ stop_reason: "step_limit" })).toBe("Truncated: out of steps");
  expect(truncationOf({ stop_reason: "time_limit" })).toBe("Truncated: out of time");
  expect(truncationOf({ stop_reason: "token_limit" })).toBe("Truncated: out of tokens");
  expect(truncationOf({ stop_reason: "stalled" })).toBe("Truncated: it did the same again and again");
  expect(truncationOf({ stop_reason: "answered" })).toBeNull();
});

describe("a success rate", () => {
  const some = counts({ total: 9, live: 1, completed: 5, succeeded: 4, failed: 2, cancelled: 1, success_rate: 0.8 });

  it("says how many rollouts it leaves out, and why", () => {
    expect(leftOut(some)).toEqual({ count: 4, reasons: "2 failed, 1 cancelled, 1 not finished" });
    expect(rateInWords(some)).toBe(
      "4 of 5 completed rollouts succeeded; 4 left out (2 failed, 1 cancelled, 1 not finished)",
    );
  });

  it("says that it leaves none out", () => {
    expect(rateInWords(counts({ total: 2, completed: 2, succeeded: 1, success_rate: 0.5 }))).toBe(
      "1 of 2 completed rollouts succeeded; none left out",
    );
  });

  it("of several tasks is that of their completed rollouts together", () => {
    const sum = sumCounts([some, counts({ total: 5, completed: 5, succeeded: 1, success_rate: 0.2 })]);
    expect(sum).toMatchObject({ total: 14, completed: 10, succeeded: 5, failed: 2, success_rate: 0.5 });
  });

  it("is not zero but missing without completed rollouts", () => {
    expect(sumCounts([counts({ total: 1, failed: 1 })]).success_rate).toBeNull();
  });
});
