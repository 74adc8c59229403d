import { describe, expect, it } from "vitest";
import type { Action, Step } from "@/api/types";
import { step } from "@/tests/samples";
import { divergencesOf, doTheSame, nextAfter, positionAt, rowsOf } from "./steps";

const click = (x: number, y: number): Action => ({ kind: "click", x, y, button: "left", count: 1, held: "" });
const type = (text: string): Action => ({ kind: "type", text });

const doing = (index: number, ...actions: Action[]): Step =>
  step(index, { actions: actions.map((action) => ({ action })) });

describe("two steps", () => {
  it("do the same where their clicks meet the same thing, though not the same pixel", () => {
    expect(doTheSame(doing(0, click(100, 100)), doing(0, click(108, 109)))).toBe(true);
    expect(doTheSame(doing(0, click(100, 100)), doing(0, click(100, 140)))).toBe(false);
  });

  it("differ by what is typed, by another button, and by one action more", () => {
    expect(doTheSame(doing(0, type("a")), doing(0, type("b")))).toBe(false);
    const right: Action = { kind: "click", x: 100, y: 100, button: "right", count: 1, held: "" };
    expect(doTheSame(doing(0, click(100, 100)), doing(0, right))).toBe(false);
    expect(doTheSame(doing(0, click(1, 1)), doing(0, click(1, 1), type("a")))).toBe(false);
  });

  it("are the same where one only waited or looked again before", () => {
    expect(doTheSame(doing(0, { kind: "wait", seconds: 2 }, click(1, 1)), doing(0, click(1, 1)))).toBe(true);
  });

  it("differ where one of the rollouts had ended", () => {
    expect(doTheSame(doing(0), undefined)).toBe(false);
  });
});

describe("rollouts beside each other", () => {
  const base = [doing(0, click(1, 1)), doing(1, type("a")), doing(2)];
  const other = [doing(0, click(2, 2)), doing(1, type("b")), doing(2), doing(3)];

  it("part where one of them does otherwise than the first, or goes on longer", () => {
    expect(divergencesOf([base, other])).toEqual([1, 3]);
    expect(divergencesOf([base, base])).toEqual([]);
    expect(divergencesOf([])).toEqual([]);
  });

  it("are gone through from one divergence to the next", () => {
    expect(nextAfter([1, 3], 0)).toBe(1);
    expect(nextAfter([1, 3], 1)).toBe(3);
    expect(nextAfter([1, 3], 3)).toBeNull();
  });

  it("are at the same number by step, and at the same second by time, as long as they have not ended", () => {
    expect(positionAt(base, { sync: "step", position: 2 })).toBe(2);
    expect(positionAt(base, { sync: "step", position: 3 })).toBeNull();
    expect(positionAt(base, { sync: "time", seconds: 2.5 })).toBe(1);
    expect(positionAt(base, { sync: "time", seconds: 60 })).toBeNull();
    expect(positionAt([], { sync: "time", seconds: 0 })).toBeNull();
  });

  it("share a line by step, and by time where their steps began together", () => {
    expect(rowsOf([base, other], "step").map(({ positions }) => positions)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [null, 3],
    ]);
    const later = [step(0, { offset: 0.05 }), step(1, { offset: 3 })];
    expect(rowsOf([base, later], "time").map(({ positions }) => positions)).toEqual([
      [0, 0],
      [1, null],
      [null, 1],
      [2, null],
    ]);
  });
});
