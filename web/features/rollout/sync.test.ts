import { describe, expect, it } from "vitest";
import { moveStep, stepAt, stepFollowing } from "./sync";

const steps = [{ offset: 0.4 }, { offset: 2 }, { offset: 2 }, { offset: 7.5 }];

describe("the step that belongs to a moment of the video", () => {
  it("is the last one that had begun", () => {
    expect(stepAt(steps, 1.5)).toBe(0);
    expect(stepAt(steps, 5)).toBe(2);
    expect(stepAt(steps, 100)).toBe(3);
  });

  it("is the first one before any had begun", () => {
    expect(stepAt(steps, 0)).toBe(0);
  });

  it("is the one sought when the player lands a little before it", () => {
    expect(stepAt(steps, 7.42)).toBe(3);
  });

  it("does not exist without steps", () => {
    expect(stepAt([], 3)).toBe(-1);
  });
});

describe("the highlighted step", () => {
  it("follows the video", () => {
    expect(stepFollowing(steps, 8, 0)).toBe(3);
  });

  it("stays with the one chosen of several at the same moment", () => {
    expect(stepFollowing(steps, 2.01, 1)).toBe(1);
  });

  it("moves by keys inside the list only", () => {
    expect(moveStep(steps, 0, -1)).toBe(0);
    expect(moveStep(steps, 1, 1)).toBe(2);
    expect(moveStep(steps, 3, 1)).toBe(3);
  });
});
