"use client";

import { Skeleton } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import dynamic from "next/dynamic";
import { EmptyState } from "@/components/EmptyState";
import { Frame } from "@/features/shell/Frame";
import classes from "./CompareScreen.module.css";
import { SideBySide } from "./SideBySide";
import { MOST_COMPARED, useComparison } from "./useComparison";

const AddRollout = dynamic(() => import("./AddRollout"), { ssr: false });
const Tables = dynamic(() => import("./Tables"), { ssr: false, loading: () => <Skeleton height={300} /> });

/** Rollouts side by side: `/compare/?ids=a,b&base=a&sync=step|time&step=N` or `&t=seconds`. */
export function CompareScreen() {
  const comparison = useComparison();
  const { ids, columns, loading, missing, add } = comparison;
  useDocumentTitle("Compare rollouts · Rolldeck");
  return (
    <Frame>
      <div className={classes.content}>
        <header className={classes.header}>
          <h1 className={classes.title}>Compare rollouts</h1>
          {columns.length > 0 && columns.length < MOST_COMPARED && (
            <AddRollout taskId={columns[0]?.rollout.task_id ?? ""} taken={ids} onAdd={add} />
          )}
        </header>
        {missing.length > 0 && (
          <p role="alert" className={classes.missing}>
            {missing.length === 1 ? "One of them is" : `${missing.length} of them are`} not there any more:{" "}
            <bdi>{missing.join(", ")}</bdi>
          </p>
        )}
        {columns.length > 0 ? (
          <>
            {columns.length === 1 && <p className={classes.hint}>Add another rollout to compare this one with.</p>}
            <SideBySide comparison={comparison} />
            <Tables columns={columns} />
          </>
        ) : loading && ids.length > 0 ? (
          <Skeleton height={420} role="status" aria-label="Loading the rollouts" />
        ) : (
          <EmptyState
            title="Nothing to compare yet"
            detail="Open a rollout and press Compare, or choose up to four in a list."
            home
          />
        )}
      </div>
    </Frame>
  );
}
