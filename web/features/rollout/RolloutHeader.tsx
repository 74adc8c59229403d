"use client";

import { Button } from "@mantine/core";
import { IconBan, IconTrash } from "@tabler/icons-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { failureOf } from "@/api/problem";
import { useCancelRollout, useDeleteRollout } from "@/api/queries";
import type { Rollout } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { RelativeTime, useSecondsSince } from "@/components/RelativeTime";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { isLive, truncationOf } from "@/features/rollouts/outcome";
import { formatCount, formatDuration } from "@/lib/format";
import classes from "./RolloutHeader.module.css";

export function RolloutHeader({ rollout }: { rollout: Rollout }) {
  const truncation = truncationOf(rollout);
  return (
    <header className={classes.header}>
      <div className={classes.main}>
        <nav aria-label="Where this is" className={classes.path}>
          <Link href="/">Tasks</Link>
          <span aria-hidden>/</span>
          <Link href={`/?task=${encodeURIComponent(rollout.task_id)}`} className={classes.task}>
            {rollout.task_id}
          </Link>
          <span aria-hidden>/</span>
          <h1 className={classes.id}>{rollout.id}</h1>
        </nav>
        <div className={classes.facts}>
          <OutcomeBadge rollout={rollout} />
          {rollout.reward !== null && (
            <span title="reward, from 0 to 1">reward {Number(rollout.reward.toFixed(3))}</span>
          )}
          {truncation !== null && <span className={classes.truncation}>{truncation}</span>}
          <span>{rollout.agent}</span>
          <span>{formatCount(rollout.steps, "step")}</span>
          <Elapsed rollout={rollout} />
          <RelativeTime iso={rollout.created_at} />
        </div>
        {rollout.verdict !== null && <p className={classes.reason}>{rollout.verdict.reason}</p>}
      </div>
      <EndButton rollout={rollout} />
    </header>
  );
}

function Elapsed({ rollout }: { rollout: Rollout }) {
  const running = useSecondsSince(isLive(rollout.status) ? rollout.started_at : null);
  const seconds = rollout.seconds ?? running;
  return seconds === null ? null : <span>{formatDuration(seconds)}</span>;
}

/** Cancels a live rollout, deletes one that has ended; says so when neither was possible. */
function EndButton({ rollout }: { rollout: Rollout }) {
  const cancel = useCancelRollout();
  const remove = useDeleteRollout();
  const router = useRouter();
  const live = isLive(rollout.status);
  const error = cancel.error ?? remove.error;
  const leave = () => router.push(`/?task=${encodeURIComponent(rollout.task_id)}`);

  return (
    <div className={classes.end}>
      {live ? (
        <Button
          variant="default"
          leftSection={<IconBan size={14} />}
          loading={cancel.isPending}
          disabled={rollout.cancel_requested}
          onClick={() => cancel.mutate(rollout.id)}
        >
          {rollout.cancel_requested ? "Cancelling" : "Cancel"}
        </Button>
      ) : (
        <ConfirmButton
          variant="default"
          leftSection={<IconTrash size={14} />}
          loading={remove.isPending}
          question="Delete this rollout?"
          consequence="Its record, video and screenshots will be gone for good, and the task's rates will no longer count it."
          confirmLabel="Delete"
          onConfirm={() => remove.mutate(rollout.id, { onSuccess: leave })}
        >
          Delete
        </ConfirmButton>
      )}
      {error !== null && (
        <p role="alert" className={classes.error}>
          {failureOf(error).detail}
        </p>
      )}
    </div>
  );
}
