import { describe, expect, it } from "vitest";
import { worker } from "@/tests/samples";
import { poolInWords, sortWorkers, standingOf } from "./worker";

describe("how a worker stands", () => {
  it("is that it works, as long as nothing blocks it", () => {
    expect(standingOf(worker()).label).toBe("Working");
    const report = { ...worker().report, blocked: "the disk is nearly full" };
    expect(standingOf(worker({ report })).label).toBe("Blocked");
  });

  it("is that it is gone, whatever it told last", () => {
    const report = { ...worker().report, blocked: "the disk is nearly full" };
    expect(standingOf(worker({ state: "lost", report })).label).toBe("Lost");
    expect(standingOf(worker({ state: "draining" })).label).toBe("Draining");
  });
});

it("a warm pool tells how often it kept up", () => {
  expect(poolInWords({ ready: 4, hits: 98, misses: 2 })).toBe("4 environments ready, 98% of 100 did not wait");
  expect(poolInWords({ ready: 1, hits: 0, misses: 0 })).toBe("1 environment ready");
});

it("workers that are alive stand before those that are gone, of these the newest first", () => {
  const all = [
    worker({ id: "lost-early", alive: false, started_at: "2026-11-22T08:00:00Z" }),
    worker({ id: "lost-late", alive: false, started_at: "2026-11-22T09:00:00Z" }),
    worker({ id: "b", started_at: "2026-11-22T11:00:00Z" }),
    worker({ id: "a", started_at: "2026-11-22T10:00:00Z" }),
  ];
  expect(sortWorkers(all).map(({ id }) => id)).toEqual(["a", "b", "lost-late", "lost-early"]);
});
