import { expect, it } from "vitest";
import type { MatrixCell } from "@/api/types";
import { heatOf } from "./heat";

const cell = (task_id: string, agent: string, succeeded: number, completed: number): MatrixCell => ({
  task_id,
  agent,
  model: null,
  succeeded,
  completed,
  rate: completed === 0 ? null : succeeded / completed,
  interval: null,
  left_out: { live: 0, failed: 0, cancelled: 0 },
});

const CELLS = [cell("t10", "b", 1, 1), cell("t2", "b", 0, 2), cell("t2", "a", 1, 1), cell("t1", "a", 0, 0)];

it.each([
  ["hardest", ["t2", "t10", "t1"]],
  ["easiest", ["t10", "t2", "t1"]],
  ["task", ["t1", "t2", "t10"]],
] as const)("tasks are ordered %s, those without a rate last unless by their names", (order, expected) => {
  const { rows, columns } = heatOf(CELLS, order);
  expect(rows.map(({ taskId }) => taskId)).toEqual(expected);
  expect(columns).toEqual(["a", "b"]);
});
