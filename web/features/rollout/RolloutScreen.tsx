"use client";

import { Skeleton } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { parseAsString, useQueryState } from "nuqs";
import { isMissing } from "@/api/problem";
import { useRollout } from "@/api/queries";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { outcomeOf } from "@/features/rollouts/outcome";
import { Frame } from "@/features/shell/Frame";
import { RolloutDetails } from "./RolloutDetails";
import classes from "./RolloutScreen.module.css";

/** The page of one rollout: `?id=…&step=N`, steps counted from 1. */
export function RolloutScreen() {
  const [id] = useQueryState("id", parseAsString.withDefault(""));
  const { data: rollout, error, refetch } = useRollout(id);
  useDocumentTitle(rollout ? `${outcomeOf(rollout).label}: ${rollout.task_id} · Rolldeck` : "Rollout · Rolldeck");

  return (
    <Frame>
      <div className={classes.content}>
        {rollout !== undefined && <RolloutDetails key={id} rollout={rollout} />}
        {rollout === undefined && (isMissing(error) || id === "") && (
          <EmptyState title="There is no such rollout" detail="It may have been deleted." home />
        )}
        {rollout === undefined && error !== null && !isMissing(error) && (
          <FailureNote title="The rollout could not be loaded" error={error} onRetry={() => refetch()} />
        )}
        {rollout === undefined && error === null && id !== "" && (
          <Skeleton height={420} role="status" aria-label="Loading the rollout" />
        )}
      </div>
    </Frame>
  );
}
