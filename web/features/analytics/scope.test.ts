import { describe, expect, it } from "vitest";
import { between, daysOf, type Filters, narrowingOf, scopeOf } from "./scope";

const NONE: Filters = { batch: "", tag: "", task: "", agent: "", model: "", since: "", until: "", days: 30 };

describe("what statistics are narrowed to", () => {
  it("is nothing while nothing is chosen, or what is chosen is no day", () => {
    expect(scopeOf(NONE)).toEqual({});
    expect(scopeOf({ ...NONE, since: "yesterday", until: "2026-13-45" })).toEqual({});
  });

  it("is what the links to the rollouts behind a figure are narrowed to, the last day included", () => {
    const scope = scopeOf({ ...NONE, agent: "gemini", tag: "a&b", since: "2026-11-01", until: "2026-11-30" });
    expect(narrowingOf(scope)).toMatchObject({
      agent: "gemini",
      tag: "a&b",
      since: "2026-11-01T00:00:00Z",
      until: "2026-12-01T00:00:00Z",
    });
  });

  it("has the days between two dates, else as many as are asked for, and never too many", () => {
    expect(daysOf({ ...NONE, since: "2026-11-01", until: "2026-11-30" }, "2027-01-01")).toBe(30);
    expect(daysOf({ ...NONE, since: "2026-11-30" }, "2026-12-01")).toBe(2);
    expect(daysOf({ ...NONE, since: "1999-01-01" }, "2026-12-01")).toBe(366);
    expect(daysOf({ ...NONE, days: -5 }, "2026-12-01")).toBe(1);
  });
});

it("a day is from its beginning to that of the next one", () => {
  expect(between("2026-12-31", "2026-12-31")).toEqual({ since: "2026-12-31T00:00:00Z", until: "2027-01-01T00:00:00Z" });
});
