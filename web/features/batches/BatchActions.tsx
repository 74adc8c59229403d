"use client";

import { Button } from "@mantine/core";
import { IconBan, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useCancelBatch, useDeleteBatch, useRetryBatch, useUpdateBatch } from "@/api/batches";
import { failureOf } from "@/api/problem";
import type { Batch, BatchDeleted } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { formatCount } from "@/lib/format";
import classes from "./BatchActions.module.css";

type Props = { batch: Batch; onDeleted: (deleted: BatchDeleted) => void };

/** What can be done with a batch as it stands; what became of it, or why it was not possible, is said under it. */
export function BatchActions({ batch, onDeleted }: Props) {
  const { counts, paused } = batch;
  const update = useUpdateBatch(batch.id);
  const cancel = useCancelBatch(batch.id);
  const retry = useRetryBatch(batch.id);
  const remove = useDeleteBatch(batch.id);
  const live = counts.live > 0;
  const error = update.error ?? cancel.error ?? retry.error ?? remove.error;
  const done = doneInWords(cancel.data?.rollouts, retry.data?.rollouts);
  return (
    <div className={classes.actions}>
      <div className={classes.buttons}>
        {live && (
          <Button
            variant="default"
            leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
            loading={update.isPending}
            onClick={() => update.mutate({ paused: !paused })}
          >
            {paused ? "Resume" : "Pause"}
          </Button>
        )}
        {counts.retryable > 0 && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={14} />}
            loading={retry.isPending}
            title="Queues those that failed for their infrastructure once more; wrong answers and the agents' own errors stay"
            onClick={() => {
              cancel.reset();
              retry.mutate();
            }}
          >
            Retry {formatCount(counts.retryable, "infrastructure failure")}
          </Button>
        )}
        {live ? (
          <ConfirmButton
            variant="default"
            leftSection={<IconBan size={14} />}
            loading={cancel.isPending}
            question="Cancel this batch?"
            consequence={`${formatCount(counts.live, "rollout")} that ${counts.live === 1 ? "has" : "have"} not ended will be cancelled, ${counts.claimed} of them in the middle of their work. What has ended is kept.`}
            confirmLabel="Cancel the batch"
            onConfirm={() => {
              retry.reset();
              cancel.mutate();
            }}
          >
            Cancel
          </ConfirmButton>
        ) : (
          <ConfirmButton
            variant="default"
            leftSection={<IconTrash size={14} />}
            loading={remove.isPending}
            question="Delete this batch?"
            consequence={`The records of ${formatCount(counts.total, "rollout")}, their videos and screenshots will be gone for good, and the tasks' rates will no longer count them.`}
            confirmLabel={`Delete ${formatCount(counts.total, "rollout")}`}
            onConfirm={() => remove.mutate(undefined, { onSuccess: onDeleted })}
          >
            Delete
          </ConfirmButton>
        )}
      </div>
      <p role="status" className={classes.done}>
        {done}
      </p>
      {error !== null && (
        <p role="alert" className={classes.error}>
          {failureOf(error).detail}
        </p>
      )}
    </div>
  );
}

function doneInWords(cancelled: number | undefined, retried: number | undefined): string | null {
  if (cancelled !== undefined) return `${formatCount(cancelled, "rollout")} cancelled`;
  if (retried !== undefined) return `${formatCount(retried, "rollout")} queued again`;
  return null;
}
