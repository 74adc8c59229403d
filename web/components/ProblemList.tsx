"use client";

import { UnstyledButton } from "@mantine/core";
import { useState } from "react";
import type { ProblemField } from "@/api/types";
import classes from "./ProblemList.module.css";
import { ScrollBox } from "./ScrollBox";

const SHOWN_AT_FIRST = 100;

/** Every reason why an input was refused: which item, which field, what is wrong with it. */
export function ProblemList({ problems, label }: { problems: readonly ProblemField[]; label: string }) {
  const [whole, setWhole] = useState(false);
  const hasLines = problems.some(({ line }) => line != null);
  const shown = whole ? problems : problems.slice(0, SHOWN_AT_FIRST);
  if (problems.length === 0) return null;
  return (
    <ScrollBox className={classes.scroll} label={label}>
      <table className={classes.table}>
        <thead>
          <tr>
            {hasLines && <th scope="col">Line</th>}
            <th scope="col" title="position in the file, counted from 0">
              Task
            </th>
            <th scope="col">Id</th>
            <th scope="col">Field</th>
            <th scope="col">Problem</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((problem, position) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: problems have no identity, and the list never changes
            <tr key={position}>
              {hasLines && <td>{problem.line}</td>}
              <td>{problem.index == null ? "" : `#${problem.index}`}</td>
              <td className={classes.code}>{problem.item_id ?? ""}</td>
              <td className={classes.code}>{problem.field}</td>
              <td className={classes.message}>{problem.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < problems.length && (
        <UnstyledButton className={classes.more} onClick={() => setWhole(true)}>
          Show all {problems.length.toLocaleString("en-US")} problems
        </UnstyledButton>
      )}
    </ScrollBox>
  );
}
