import { describe, expect, it } from "vitest";
import type { Action } from "@/api/types";
import { actionInWords, pointsOf } from "./action";

const WORDS: [Action, string][] = [
  [{ kind: "click", x: 12, y: 34, button: "left" }, "Click at (12, 34)"],
  [{ kind: "click", x: 12, y: 34, button: "right" }, "Right-click at (12, 34)"],
  [{ kind: "click", x: 12, y: 34, button: "middle" }, "Middle-click at (12, 34)"],
  [{ kind: "double_click", x: 1, y: 2 }, "Double-click at (1, 2)"],
  [{ kind: "move", x: 1, y: 2 }, "Move to (1, 2)"],
  [{ kind: "drag", path: [[1, 2], [3, 4], [5, 6]] }, "Drag from (1, 2) to (5, 6)"], // biome-ignore format: one line an action
  [{ kind: "scroll", x: 1, y: 2, dx: 0, dy: 400 }, "Scroll down 400 px at (1, 2)"],
  [{ kind: "scroll", x: 1, y: 2, dx: -30, dy: -400 }, "Scroll up 400 px and left 30 px at (1, 2)"],
  [{ kind: "type", text: "SELECT 1" }, "Type “SELECT 1”"],
  [{ kind: "key", keys: "Control+Enter" }, "Press Control+Enter"],
  [{ kind: "wait", seconds: 1.5 }, "Wait 1.5 s"],
  [{ kind: "navigate", url: "/sqllab" }, "Go to /sqllab"],
  [{ kind: "back" }, "Go back"],
  [{ kind: "forward" }, "Go forward"],
  [{ kind: "screenshot" }, "Look again"],
];

describe("an action", () => {
  it.each(WORDS)("%j is told in words: %s", (action, words) => {
    expect(actionInWords(action)).toBe(words);
  });

  it("is told in short where the agent typed a whole book", () => {
    expect(actionInWords({ kind: "type", text: "x".repeat(100_000) }).length).toBeLessThan(220);
  });

  it("marks the points where it happened, and none where it has no place", () => {
    expect(pointsOf({ kind: "click", x: 12, y: 34, button: "left" })).toEqual([[12, 34]]);
    expect(pointsOf({ kind: "drag", path: [[1, 2], [3, 4]] })).toEqual([[1, 2], [3, 4]]); // biome-ignore format: pairs
    expect(pointsOf({ kind: "key", keys: "Enter" })).toEqual([]);
  });
});
