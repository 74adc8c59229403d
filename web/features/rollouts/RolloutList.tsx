"use client";

import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { useRollouts } from "@/api/queries";
import { FailureNote } from "@/components/FailureNote";
import { RolloutCard } from "./RolloutCard";
import classes from "./RolloutList.module.css";

type Props = { taskId: string | null; empty: ReactNode };

/** The rollouts of a task, or of all tasks (null), newest first. */
export function RolloutList({ taskId, empty }: Props) {
  const query = useRollouts(taskId);
  const rollouts = query.data?.pages.flatMap((page) => page.rollouts);
  if (rollouts === undefined) {
    return query.error === null ? (
      <Loading />
    ) : (
      <FailureNote title="The rollouts could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  if (rollouts.length === 0) return empty;
  return (
    <>
      <ul className={classes.list} aria-label="Rollouts, newest first">
        {rollouts.map((rollout) => (
          <li key={rollout.id} className={classes.item}>
            <RolloutCard rollout={rollout} showTask={taskId === null} />
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          className={classes.more}
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </>
  );
}

function Loading() {
  return (
    <div className={classes.list} role="status" aria-label="Loading the rollouts">
      {["a", "b", "c", "d"].map((key) => (
        <Skeleton key={key} height={42} />
      ))}
    </div>
  );
}
