import { describe, expect, it } from "vitest";
import { step } from "@/tests/samples";
import { accountsOf } from "./accounting";
import { momentsOf, timelineOf } from "./timeline";

const STEPS = [
  step(0, { offset: 1, wait_seconds: 0.5, agent_seconds: 2, action_seconds: 1 }),
  step(1, { offset: 5, wait_seconds: 1, agent_seconds: 3, action_seconds: 0 }),
];

describe("a timeline", () => {
  it("has the waiting before a screenshot, and deciding and acting after it", () => {
    const { stretches, sums } = timelineOf(STEPS, null);
    expect(stretches).toEqual([
      { part: "wait", from: 0.5, to: 1 },
      { part: "model", from: 1, to: 3 },
      { part: "page", from: 3, to: 4 },
      { part: "wait", from: 4, to: 5 },
      { part: "model", from: 5, to: 8 },
    ]);
    expect(sums).toEqual({ wait: 1.5, model: 5, page: 1 });
  });

  it("is as long as the video, or as what is known of the steps", () => {
    expect(timelineOf(STEPS, null).seconds).toBe(8);
    expect(timelineOf(STEPS, 12).seconds).toBe(12);
    expect(timelineOf([], null).seconds).toBe(0);
  });

  it("is shown by pictures of the middle of each part", () => {
    expect(momentsOf(8, 4)).toEqual([1, 3, 5, 7]);
  });
});

describe("the accounts of an attempt", () => {
  const usage = {
    input_tokens: 100,
    output_tokens: 10,
    cached_tokens: 50,
    thinking_tokens: 5,
    cost: 0.01,
    requests: 1,
    retries: 0,
    model_seconds: 1,
    waited_seconds: 0,
  };

  it("add up what the steps took", () => {
    const { input, cached, output, thinking, cost, requests, agent } = accountsOf([
      step(0, { usage }),
      step(1, { usage }),
      step(2),
    ]);
    expect({ input, cached, output, thinking, requests, agent }).toEqual({
      input: 200,
      cached: 100,
      output: 20,
      thinking: 10,
      requests: 2,
      agent: 3,
    });
    expect(cost).toBeCloseTo(0.02);
  });

  it("do not know the cost of all where they do not know that of some", () => {
    expect(accountsOf([step(0, { usage }), step(1, { usage: { ...usage, cost: null } })]).cost).toBeNull();
  });
});
