import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Action } from "@/api/types";
import { joined, keyAction, Orders, pagePoint } from "./input";

const PAGE = { width: 1440, height: 900 };
const key = (name: string, held: Partial<KeyboardEvent> = {}) =>
  keyAction({ key: name, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...held });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a place in a picture is a pixel of its page, and none beside it", () => {
  expect(pagePoint({ x: 360, y: 225 }, { width: 720, height: 450 }, PAGE)).toEqual({ x: 720, y: 450 });
  expect(pagePoint({ x: 0, y: 30 }, { width: 720, height: 510 }, PAGE)).toEqual({ x: 0, y: 0 });
  expect(pagePoint({ x: 360, y: 10 }, { width: 720, height: 510 }, PAGE)).toBeNull();
  expect(pagePoint({ x: 1, y: 1 }, { width: 720, height: 450 }, { width: 0, height: 0 })).toBeNull();
});

test("letters are typed, other keys and chords are pressed, modifiers alone are nothing", () => {
  expect(key("a")).toEqual({ kind: "type", text: "a" });
  expect(key("A", { shiftKey: true })).toEqual({ kind: "type", text: "A" });
  expect(key("Enter")).toEqual({ kind: "key", keys: "Enter" });
  expect(key("Tab", { shiftKey: true })).toEqual({ kind: "key", keys: "Shift+Tab" });
  expect(key("a", { metaKey: true })).toEqual({ kind: "key", keys: "Control+A" });
  expect(key("v", { ctrlKey: true })).toBeNull();
  expect(key("Shift", { shiftKey: true })).toBeNull();
});

test("typing, scrolling and a second click continue what waits", () => {
  const typed = joined([{ kind: "type", text: "a" }], { kind: "type", text: "b" });
  expect(typed).toEqual([{ kind: "type", text: "ab" }]);
  const click: Action = { kind: "click", x: 5, y: 5, button: "left", count: 1, held: "" };
  expect(joined([click], { ...click, x: 6 })).toEqual([{ ...click, count: 2 }]);
  expect(joined([click], { ...click, x: 60 })).toHaveLength(2);
  expect(joined(typed, click)).toHaveLength(2);
});

test("what comes while an order is carried out is sent together after it", async () => {
  const sent: Action[][] = [];
  let done = () => {};
  const orders = new Orders((actions) => {
    sent.push(actions);
    return new Promise((resolve) => {
      done = resolve;
    });
  });
  orders.add({ kind: "type", text: "a" });
  await vi.runAllTimersAsync();
  orders.add({ kind: "type", text: "b" });
  orders.add({ kind: "key", keys: "Enter" });
  await vi.runAllTimersAsync();
  expect(sent).toEqual([[{ kind: "type", text: "a" }]]);
  done();
  await vi.runAllTimersAsync();
  expect(sent[1]).toEqual([
    { kind: "type", text: "b" },
    { kind: "key", keys: "Enter" },
  ]);
});
