"use client";

import { Button, Skeleton } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { isMissing } from "@/api/problem";
import { useRollout } from "@/api/queries";
import type { DeleteResult } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { outcomeOf } from "@/features/rollouts/outcome";
import { Frame } from "@/features/shell/Frame";
import { useRolloutEvents } from "@/features/shell/StreamProvider";
import { formatBytes, formatCount } from "@/lib/format";
import { RolloutDetails } from "./RolloutDetails";
import classes from "./RolloutScreen.module.css";

type Deleted = { result: DeleteResult; taskId: string };

/** The page of one rollout: `?id=…&step=N&attempt=N`, both counted from 1. */
export function RolloutScreen() {
  const [id] = useQueryState("id", parseAsString.withDefault(""));
  useRolloutEvents(id);
  const [deleted, setDeleted] = useState<Deleted | null>(null);
  const gone = deleted?.result.id === id;
  const { data: rollout, error, refetch } = useRollout(id, { enabled: !gone });
  useDocumentTitle(rollout ? `${outcomeOf(rollout).label}: ${rollout.task_id} · Rolldeck` : "Rollout · Rolldeck");

  return (
    <Frame>
      <div className={classes.content}>
        {gone ? (
          <DeletedNote {...deleted} />
        ) : rollout !== undefined ? (
          <RolloutDetails
            key={id}
            rollout={rollout}
            onDeleted={(result) => setDeleted({ result, taskId: rollout.task_id })}
          />
        ) : isMissing(error) || id === "" ? (
          <EmptyState title="There is no such rollout" detail="It may have been deleted." home />
        ) : error !== null ? (
          <FailureNote title="The rollout could not be loaded" error={error} onRetry={() => refetch()} />
        ) : (
          <Skeleton height={420} role="status" aria-label="Loading the rollout" />
        )}
      </div>
    </Frame>
  );
}

/** Says what a deletion removed, and where to go on. */
function DeletedNote({ result, taskId }: Deleted) {
  const { attempts, steps, freed_bytes } = result;
  return (
    <EmptyState
      title="The rollout was deleted"
      detail={`${formatCount(attempts, "attempt")}, ${formatCount(steps, "step")} and ${formatBytes(freed_bytes)} of files were removed.`}
    >
      <Button component={Link} href={`/?task=${encodeURIComponent(taskId)}`} variant="default">
        Go to its task
      </Button>
    </EmptyState>
  );
}
