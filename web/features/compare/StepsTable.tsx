"use client";

import { useEffect, useRef } from "react";
import { ActionLines } from "@/features/rollout/ActionLines";
import { keepInSight } from "@/features/rollout/keepInSight";
import { formatOffset } from "@/lib/format";
import classes from "./StepsTable.module.css";
import type { Moment, Row } from "./steps";
import type { Column } from "./useComparison";

type Props = {
  columns: readonly Column[];
  rows: readonly Row[];
  divergences: readonly number[];
  /** The step that each rollout is at. */
  positions: readonly (number | null)[];
  onChoose: (moment: Moment) => void;
};

/** The steps of all rollouts, line by line; where one does otherwise than the baseline, it is marked. */
export function StepsTable({ columns, rows, divergences, positions, onChoose }: Props) {
  const parting = new Set(divergences);
  return (
    <div className={classes.scroll}>
      <ol className={classes.rows} style={{ "--columns": columns.length } as React.CSSProperties}>
        {rows.map((row) => (
          <StepRow
            key={row.key}
            row={row}
            columns={columns}
            current={row.positions.some((position, place) => position !== null && position === positions[place])}
            diverges={row.moment.sync === "step" && parting.has(row.moment.position)}
            onChoose={() => onChoose(row.moment)}
          />
        ))}
      </ol>
    </div>
  );
}

type RowProps = Pick<Props, "columns"> & { row: Row; current: boolean; diverges: boolean; onChoose: () => void };

function StepRow({ row, columns, current, diverges, onChoose }: RowProps) {
  const line = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (current) keepInSight(line.current, `.${classes.scroll}`);
  }, [current]);
  return (
    <li>
      <button
        ref={line}
        type="button"
        className={classes.row}
        aria-current={current ? "step" : undefined}
        data-diverges={diverges || undefined}
        onClick={onChoose}
      >
        {diverges && <span className="visually-hidden">Differs: </span>}
        {columns.map(({ rollout, steps }, place) => {
          const step = steps[row.positions[place] ?? -1];
          return (
            <span key={rollout.id} className={classes.cell}>
              {step === undefined ? (
                <span className={classes.none}>{row.moment.sync === "step" ? "ended" : ""}</span>
              ) : (
                <>
                  <span className={classes.number}>
                    {step.index + 1} · {formatOffset(step.offset)}
                  </span>
                  <span className={classes.actions}>
                    <ActionLines results={step.actions} />
                  </span>
                </>
              )}
            </span>
          );
        })}
      </button>
    </li>
  );
}
