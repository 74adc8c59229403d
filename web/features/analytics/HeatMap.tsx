"use client";

import { Button } from "@mantine/core";
import Link from "next/link";
import { useState } from "react";
import type { MatrixCell } from "@/api/types";
import { ScrollBox } from "@/components/ScrollBox";
import { type Narrowing, rolloutsHref, taskHref } from "@/features/rollouts/href";
import { leftOut } from "@/features/rollouts/outcome";
import { formatRate } from "@/lib/format";
import classes from "./HeatMap.module.css";
import { type Heat, heatOf, type Order } from "./heat";
import { nameOf } from "./scope";
import tables from "./Table.module.css";

const SHOWN_AT_FIRST = 40;

type Props = { cells: readonly MatrixCell[]; order: Order; within: Narrowing };

/** Success by task and agent: the darker, the more often. Each cell opens its rollouts. */
export function HeatMap({ cells, order, within }: Props) {
  const [whole, setWhole] = useState(false);
  const heat = heatOf(cells, order);
  const rows = whole ? heat.rows : heat.rows.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      <ScrollBox label="Success by task and agent" className={classes.scroll}>
        <table className={classes.map}>
          <thead>
            <tr>
              <th scope="col">Task</th>
              {heat.columns.map((column) => (
                <th key={column} scope="col" title={column}>
                  <span>{column}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <HeatRow key={row.taskId} row={row} columns={heat.columns} within={within} />
            ))}
          </tbody>
        </table>
      </ScrollBox>
      {rows.length < heat.rows.length && (
        <Button variant="default" mt="xs" onClick={() => setWhole(true)}>
          Show all {heat.rows.length.toLocaleString("en-US")} tasks
        </Button>
      )}
      <Scale />
    </>
  );
}

type RowProps = { row: Heat["rows"][number]; columns: readonly string[]; within: Narrowing };

function HeatRow({ row, columns, within }: RowProps) {
  return (
    <tr>
      <th scope="row">
        <Link href={taskHref(row.taskId)} className={tables.link} prefetch={false}>
          {row.taskId}
        </Link>
      </th>
      {columns.map((column) => {
        const cell = row.cells.get(column);
        return <td key={column}>{cell && <CellLink cell={cell} within={within} />}</td>;
      })}
    </tr>
  );
}

function CellLink({ cell, within }: { cell: MatrixCell; within: Narrowing }) {
  const out = leftOut(cell.left_out);
  const basis = `${cell.succeeded} of ${cell.completed} completed${out === null ? "" : `; left out: ${out.reasons}`}`;
  const where = { ...within, task: cell.task_id, agent: cell.agent, model: cell.model };
  return (
    <Link
      href={rolloutsHref(where)}
      className={classes.cell}
      style={{ background: `color-mix(in srgb, var(--heat) ${Math.round((cell.rate ?? 0) * 62)}%, var(--surface))` }}
      data-none={cell.rate === null || undefined}
      title={`${cell.task_id}, ${nameOf(cell)}: ${basis}`}
      prefetch={false}
    >
      {cell.rate === null ? "–" : formatRate(cell.rate)}
      <small>
        {cell.completed}
        <span className="visually-hidden"> completed{out === null ? "" : `; left out: ${out.reasons}`}</span>
      </small>
    </Link>
  );
}

function Scale() {
  return (
    <p className={classes.scale}>
      <span aria-hidden>0%</span>
      <span className={classes.ramp} aria-hidden />
      <span aria-hidden>100%</span>
      <span>The small number is how many completed; – : none did.</span>
    </p>
  );
}
