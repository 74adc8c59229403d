import { describe, expect, it } from "vitest";
import type { Action } from "@/api/types";
import { actionInWords, pointsOf } from "./action";

const WORDS: [Action, string][] = [
  [{ kind: "click", x: 12, y: 34, button: "left", count: 1, held: "" }, "Click at (12, 34)"],
  [{ kind: "click", x: 12, y: 34, button: "right", count: 1, held: "" }, "Right-click at (12, 34)"],
  [{ kind: "click", x: 12, y: 34, button: "middle", count: 1, held: "" }, "Middle-click at (12, 34)"],
  [{ kind: "click", x: 1, y: 2, button: "left", count: 2, held: "" }, "Double-click at (1, 2)"],
  [
    { kind: "click", x: 1, y: 2, button: "right", count: 3, held: "Shift" },
    "Triple-right-click at (1, 2), holding Shift",
  ],
  [{ kind: "mouse_down", button: "left" }, "Press the left mouse button down"],
  [{ kind: "mouse_up", button: "right" }, "Release the right mouse button"],
  [{ kind: "move", x: 1, y: 2, held: "" }, "Move to (1, 2)"],
  [{ kind: "drag", path: [[1, 2], [3, 4], [5, 6]], held: "" }, "Drag from (1, 2) to (5, 6)"], // biome-ignore format: one line an action
  [{ kind: "scroll", x: 1, y: 2, dx: 0, dy: 400, held: "" }, "Scroll down 400 px at (1, 2)"],
  [{ kind: "scroll", x: 1, y: 2, dx: -30, dy: -400, held: "" }, "Scroll up 400 px and left 30 px at (1, 2)"],
  [{ kind: "type", text: "SELECT 1" }, "Type “SELECT 1”"],
  [{ kind: "key", keys: "Control+Enter" }, "Press Control+Enter"],
  [{ kind: "key_down", key: "Shift" }, "Press Shift down"],
  [{ kind: "key_up", key: "Shift" }, "Release Shift"],
  [{ kind: "hold_key", keys: "ArrowDown", seconds: 2 }, "Hold ArrowDown for 2.0 s"],
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
    expect(pointsOf({ kind: "click", x: 12, y: 34, button: "left", count: 1, held: "" })).toEqual([[12, 34]]);
    expect(pointsOf({ kind: "drag", path: [[1, 2], [3, 4]], held: "" })).toEqual([[1, 2], [3, 4]]); // biome-ignore format: pairs
    expect(pointsOf({ kind: "key", keys: "Enter" })).toEqual([]);
  });
});
