import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { outdatedBy, Refresher } from "./refresh";
import type { StreamEvent } from "./types";

const event = (kind: StreamEvent["kind"], fields: Partial<StreamEvent> = {}): StreamEvent => ({
  seq: 1,
  at: "2026-11-22T12:00:00Z",
  kind,
  batch_id: "b",
  task_id: "t",
  rollout_id: "r",
  data: {},
  ...fields,
});

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a step changes its rollout and nothing else", () => {
  expect(outdatedBy(event("rollout.step"))).toEqual([
    ["rollout", "r"],
    ["steps", "r"],
  ]);
});

test("a status changes all that shows or counts the rollout", () => {
  const names = outdatedBy(event("rollout.status")).map((key) => key.join(" "));
  for (const name of ["rollout r", "steps r", "batch b", "task t", "rollouts", "tasks", "health", "workers"]) {
    expect(names).toContain(name);
  }
});

test("a rollout that was deleted is not asked for again", () => {
  expect(outdatedBy(event("rollout.deleted")).map(([name]) => name)).not.toContain("rollout");
});

test("what happens in a burst is asked for once, and long lists not again at once", () => {
  const refreshed: string[] = [];
  const refresher = new Refresher((key) => refreshed.push(key.join(" ")));
  const times = (name: string) => refreshed.filter((each) => each === name).length;
  refresher.add([event("rollout.status"), event("rollout.status")]);
  refresher.add([event("rollout.status")]);
  expect(refreshed).toEqual([]);
  vi.advanceTimersByTime(100);
  expect([times("rollout r"), times("tasks")]).toEqual([1, 1]);
  for (let tenth = 0; tenth < 20; tenth++) {
    refresher.add([event("rollout.status")]);
    vi.advanceTimersByTime(100);
  }
  expect(times("tasks")).toBe(1);
  expect(times("rollouts")).toBeGreaterThan(2);
  vi.advanceTimersByTime(3000);
  expect(times("tasks")).toBe(2);
});

test("nothing is asked for once it was stopped", () => {
  const refresh = vi.fn();
  const refresher = new Refresher(refresh);
  refresher.add([event("tasks.uploaded")]);
  refresher.stop();
  vi.advanceTimersByTime(10_000);
  expect(refresh).not.toHaveBeenCalled();
});
