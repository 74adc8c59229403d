import { describe, expect, it } from "vitest";
import { countFilters, countListFilters, listQueryOf, NO_FILTERS, NO_LIST_FILTERS, queryOf } from "./filters";

describe("what narrows a list of rollouts", () => {
  it("asks the server for everything while nothing is chosen", () => {
    expect(queryOf(NO_FILTERS)).toEqual({});
    expect(countFilters(NO_FILTERS)).toBe(0);
  });

  it("asks for wrong answers by their verdict, for failures by their status: never one for the other", () => {
    expect(queryOf({ ...NO_FILTERS, outcome: "wrong" })).toEqual({ success: false });
    expect(queryOf({ ...NO_FILTERS, outcome: "failed" })).toEqual({ status: ["failed"] });
  });

  it("asks for what is live in each of its statuses", () => {
    expect(queryOf({ ...NO_FILTERS, outcome: "live" }).status).toEqual([
      "pending",
      "provisioning",
      "running",
      "verifying",
    ]);
  });

  it("goes together, and an order is no filter", () => {
    const filters = { ...NO_FILTERS, q: " revenue ", agent: "oracle", batch: "b1", sort: "longest" as const };
    expect(queryOf(filters)).toEqual({ q: "revenue", agent: "oracle", batch_id: "b1", sort: "longest" });
    expect(countFilters(filters)).toBe(3);
  });
});

describe("what narrows the page of rollouts", () => {
  const now = Date.parse("2026-11-22T12:34:56Z");

  it("is all that other lists are narrowed by, and more", () => {
    const filters = { ...NO_LIST_FILTERS, outcome: "wrong" as const, tag: "hard", min_seconds: 0, max_cost: 1.5 };
    expect(listQueryOf(filters, now)).toEqual({ success: false, tag: "hard", min_seconds: 0, max_cost: 1.5 });
    expect(countListFilters(filters)).toBe(4);
  });

  it("asks for the same stretch of time for a while, so that it is the same list", () => {
    const filters = { ...NO_LIST_FILTERS, age: "hour" as const };
    expect(listQueryOf(filters, now)).toEqual({ since: "2026-11-22T11:34:00.000Z" });
    expect(listQueryOf(filters, now + 1000)).toEqual(listQueryOf(filters, now));
  });
});
