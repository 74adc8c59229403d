import { describe, expect, it } from "vitest";
import type { VerifierSpec } from "@/api/types";
import { taskSummary } from "@/tests/samples";
import { filterTasks } from "./filter";
import { verifierRules } from "./rules";

describe("searching the tasks", () => {
  const tasks = [
    taskSummary("best-month", { task: "In which month was revenue highest?", tags: ["dates"] }),
    taskSummary("late-invoices", { task: "Save a query of late invoices." }),
  ];
  const found = (search: string) => filterTasks(tasks, search).map(({ id }) => id);

  it("finds all words wherever they stand, in any case", () => {
    expect(found("REVENUE month")).toEqual(["best-month"]);
    expect(found("revenue invoices")).toEqual([]);
  });

  it("finds ids and tags", () => {
    expect(found("late-")).toEqual(["late-invoices"]);
    expect(found("dates")).toEqual(["best-month"]);
  });

  it("finds all while nothing is searched", () => {
    expect(found("  ")).toEqual(["best-month", "late-invoices"]);
  });
});

describe("how a task is verified", () => {
  const plain: VerifierSpec = { alternatives: [], fields: {}, partial_credit: false, state: [] };

  it("is typed and exact unless something else is said", () => {
    expect(verifierRules(plain)).toEqual([{ about: "whole answer", rule: "typed and exact, numbers within 1e-9" }]);
    expect(verifierRules(plain, { answer: false })).toEqual([]);
  });

  it("is told rule by rule", () => {
    const rules = verifierRules({
      ...plain,
      decimals: 2,
      order: "any",
      partial_credit: true,
      fields: { name: { normalize: ["case", "space"], alternatives: ["Ann"] } },
      state: [{ name: "the chart exists", database: "metadata", sql: "select 1", expect: 1 }],
    });
    expect(rules).toEqual([
      { about: "whole answer", rule: "numbers to 2 decimals; lists in any order" },
      { about: "name", rule: 'texts regardless of case, space; or "Ann"' },
      { about: "state: the chart exists", rule: "rows of the metadata database are 1" },
      { about: "reward", rule: "share of the fields that match" },
    ]);
  });
});
