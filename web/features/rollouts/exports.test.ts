import { expect, test } from "vitest";
import { rolloutFileAddress, tableAddress } from "./exports";
import { NO_FILTERS, queryOf } from "./filters";

test("a table is of exactly what the list shows, in its order", () => {
  const filters = { ...NO_FILTERS, q: "a & b", outcome: "running" as const, sort: "longest" as const };
  const search = new URLSearchParams(tableAddress("csv", { ...queryOf(filters), task_id: "t=1" }).split("?")[1]);
  expect(search.get("format")).toBe("csv");
  expect(search.getAll("status")).toEqual(["provisioning", "running", "verifying"]);
  expect([search.get("q"), search.get("task_id"), search.get("sort")]).toEqual(["a & b", "t=1", "longest"]);
});

test("a verdict of false narrows, what is not asked for does not appear", () => {
  expect(tableAddress("json", { success: false, batch_id: undefined, agent: null })).toBe(
    "/api/exports/rollouts?format=json&success=false",
  );
});

test("one rollout has a zip file and a report", () => {
  expect(rolloutFileAddress("01m8", "zip")).toBe("/api/exports/rollouts/01m8/zip");
  expect(rolloutFileAddress("01m8", "report")).toBe("/api/exports/rollouts/01m8/report");
});
