import { describe, expect, it } from "vitest";
import { countFilters, NO_FILTERS, queryOf } from "./filters";

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
