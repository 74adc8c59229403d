/** Cells of a map of tasks and agents, in rows and columns. */
import type { MatrixCell } from "@/api/types";
import { nameOf } from "./scope";

export const ORDERS = { hardest: "Hardest first", easiest: "Easiest first", task: "By task" } as const;

export type Order = keyof typeof ORDERS;

type Row = { taskId: string; rate: number | null; cells: ReadonlyMap<string, MatrixCell> };

export type Heat = { columns: readonly string[]; rows: readonly Row[] };

const inNaturalOrder = new Intl.Collator("en", { numeric: true });

export function heatOf(cells: readonly MatrixCell[], order: Order): Heat {
  const columns = [...new Set(cells.map(nameOf))].sort(inNaturalOrder.compare);
  const byTask = new Map<string, Map<string, MatrixCell>>();
  for (const cell of cells) {
    const row = byTask.get(cell.task_id) ?? new Map<string, MatrixCell>();
    byTask.set(cell.task_id, row.set(nameOf(cell), cell));
  }
  const rows = [...byTask].map(([taskId, its]) => ({ taskId, rate: rateOf([...its.values()]), cells: its }));
  return { columns, rows: rows.sort((left, right) => compare(left, right, order)) };
}

/** The rate of all of a task's completed rollouts together. */
function rateOf(cells: readonly MatrixCell[]): number | null {
  const completed = cells.reduce((sum, cell) => sum + cell.completed, 0);
  return completed === 0 ? null : cells.reduce((sum, cell) => sum + cell.succeeded, 0) / completed;
}

/** Tasks without a rate come last, in every order but the tasks' own. */
function compare(left: Row, right: Row, order: Order): number {
  const byTask = inNaturalOrder.compare(left.taskId, right.taskId);
  if (order === "task" || left.rate === right.rate) return byTask;
  if (left.rate === null || right.rate === null) return left.rate === null ? 1 : -1;
  return order === "hardest" ? left.rate - right.rate : right.rate - left.rate;
}
