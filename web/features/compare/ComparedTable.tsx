import type { ReactNode } from "react";
import type { Rollout } from "@/api/types";
import { ScrollBox } from "@/components/ScrollBox";
import classes from "./ComparedTable.module.css";

/** `marked`: which cells are to be seen as different from the baseline's. */
export type ComparedRow = {
  name: ReactNode;
  before?: ReactNode;
  cells: readonly ReactNode[];
  marked?: readonly boolean[];
};

type Props = { label: string; rollouts: readonly Rollout[]; rows: readonly ComparedRow[]; before?: string };

/** A line for each thing, a column for each rollout, the baseline's first; with `before`, one more cell comes before them. */
export function ComparedTable({ label, rollouts, rows, before }: Props) {
  return (
    <ScrollBox label={label} className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            <td />
            {before !== undefined && <th scope="col">{before}</th>}
            {rollouts.map((rollout, place) => (
              <th key={rollout.id} scope="col">
                <bdi>{rollout.model ?? rollout.agent}</bdi> <code>{rollout.id.slice(-4)}</code>
                {place === 0 && <span className={classes.baseline}> baseline</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, before: first, cells, marked }, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: names of fields may repeat, and the rows never change their order
            <tr key={row}>
              <th scope="row">{name}</th>
              {before !== undefined && <td>{first}</td>}
              {cells.map((cell, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell for each column
                <td key={place} data-marked={marked?.[place] || undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
