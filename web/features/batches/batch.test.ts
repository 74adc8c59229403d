import { describe, expect, it } from "vitest";
import { batch, batchCounts } from "@/tests/samples";
import {
  batchState,
  budgetInWords,
  choiceInWords,
  limitsInWords,
  progressInWords,
  quotasOf,
  removedInWords,
  segmentsOf,
  spentInWords,
  timeLeft,
} from "./batch";

const HALF_DONE = batchCounts({
  total: 20,
  live: 8,
  claimed: 3,
  completed: 9,
  succeeded: 7,
  failed: 2,
  cancelled: 1,
  success_rate: 7 / 9,
});

describe("how a batch stands", () => {
  it("is that it runs while workers execute something of it, else that it waits", () => {
    expect(batchState(batch({ counts: HALF_DONE })).label).toBe("Running");
    expect(batchState(batch({ counts: { ...HALF_DONE, claimed: 0 } })).label).toBe("Waiting");
  });

  it("is that it is paused, also while what was begun is finished", () => {
    expect(batchState(batch({ paused: true, counts: HALF_DONE })).label).toBe("Paused");
  });

  it("is that it ended, also when it was paused", () => {
    expect(batchState(batch({ paused: true, counts: batchCounts({ total: 3, completed: 3 }) })).label).toBe("Ended");
  });
});

describe("a batch's progress", () => {
  it("tells failures and wrong answers apart", () => {
    expect(segmentsOf(HALF_DONE).map(({ part, count }) => [part, count])).toEqual([
      ["success", 7],
      ["wrong", 2],
      ["failed", 2],
      ["cancelled", 1],
      ["claimed", 3],
    ]);
  });

  it("is read out with what still waits", () => {
    expect(progressInWords(HALF_DONE)).toBe(
      "12 of 20 rollouts ended: 7 success, 2 wrong, 2 failed, 1 cancelled, 3 in progress, 5 waiting",
    );
  });
});

describe("the time that a batch will still take", () => {
  it("is an estimate", () => {
    expect(timeLeft(batch({ counts: HALF_DONE, eta_seconds: 250 }))).toBe("about 4 min");
  });

  it("is not told where it is not known, the batch has ended, or nothing of it goes on", () => {
    expect(timeLeft(batch({ counts: HALF_DONE, eta_seconds: null }))).toBeNull();
    expect(timeLeft(batch({ eta_seconds: 0 }))).toBeNull();
    expect(timeLeft(batch({ paused: true, counts: { ...HALF_DONE, claimed: 0 }, eta_seconds: 250 }))).toBeNull();
  });
});

it("an agent is named with its model and what the model is asked with", () => {
  expect(choiceInWords({ agent: "oracle" })).toBe("oracle");
  expect(choiceInWords({ agent: "openai", model: "m-1", parameters: { temperature: 0 } })).toBe(
    'openai · m-1 {"temperature":0}',
  );
});

it("only the limits that were set are listed", () => {
  expect(limitsInWords({ steps: 30, tokens: null, agent_seconds: 300 })).toEqual(["30 steps", "5 min to act in"]);
});

it("a deletion says what it removed", () => {
  expect(removedInWords({ id: "b", rollouts: 1, attempts: 2, steps: 1200, freed_bytes: 1_340_000_000 })).toBe(
    "1 rollout, 2 attempts, 1,200 steps and 1.3 GB of files were removed.",
  );
});

it("what a batch spent is said with what it may spend", () => {
  const spent = { tokens: 12_000, cost: 1.5, budget: { cost: 6, tokens: 24_000 } };
  expect(budgetInWords(spent)).toBe("$6.00 (25% spent), 24,000 tokens (50% spent)");
  expect(budgetInWords({ ...spent, cost: null, budget: { cost: 6 } })).toBe("$6.00 (spent: not known)");
  expect(budgetInWords({ ...spent, budget: {} })).toBe("no limit");
  expect(spentInWords({ tokens: 0, cost: 0 })).toBe("nothing");
});

it("a batch is under the quotas of its models, and of agents without one, each once", () => {
  const agents = [
    { agent: "openai", model: "gpt" },
    { agent: "noop" },
    { agent: "openai", model: "gpt", parameters: { a: 1 } },
  ];
  expect(quotasOf({ agents })).toEqual(["gpt", "noop"]);
});
