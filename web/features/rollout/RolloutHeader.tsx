"use client";

import { Button } from "@mantine/core";
import { IconArrowsDiff, IconBan, IconFileText, IconFileZip, IconRefresh, IconTrash } from "@tabler/icons-react";
import Link from "next/link";
import { failureOf } from "@/api/problem";
import { useCancelRollout, useDeleteRollout, useRetryRollout } from "@/api/queries";
import type { DeleteResult, Rollout } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { Time, useSecondsSince } from "@/components/Time";
import { rolloutFileAddress } from "@/features/rollouts/exports";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { isLive, outcomeOf, truncationOf } from "@/features/rollouts/outcome";
import { formatCount, formatDuration } from "@/lib/format";
import { NeighbourLinks } from "./NeighbourLinks";
import { RerunButton } from "./RerunButton";
import classes from "./RolloutHeader.module.css";
import { sentenceOf } from "./sentence";

type Props = { rollout: Rollout; onDeleted: (result: DeleteResult) => void };

export function RolloutHeader({ rollout, onDeleted }: Props) {
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
          <NeighbourLinks rollout={rollout} />
        </nav>
        <div className={classes.facts}>
          <OutcomeBadge rollout={rollout} />
          {rollout.reward !== null && (
            <span title="reward, from 0 to 1">reward {Number(rollout.reward.toFixed(3))}</span>
          )}
          {truncation !== null && <span className={classes.truncation}>{truncation}</span>}
          <span>{rollout.agent}</span>
          {rollout.model !== null && <span className={classes.model}>{rollout.model}</span>}
          <span>{formatCount(rollout.steps, "step")}</span>
          <Elapsed rollout={rollout} />
          <Time iso={rollout.created_at} />
        </div>
        <p className={classes.sentence} data-tone={outcomeOf(rollout).tone}>
          <bdi>{sentenceOf(rollout)}</bdi>
        </p>
      </div>
      <Actions rollout={rollout} onDeleted={onDeleted} />
    </header>
  );
}

function Elapsed({ rollout }: { rollout: Rollout }) {
  const running = useSecondsSince(isLive(rollout.status) ? rollout.started_at : null);
  const seconds = rollout.seconds ?? running;
  return seconds === null ? null : <span>{formatDuration(seconds)}</span>;
}

/** What can be done with a rollout: cancel a live one, try a failed one again, delete one that has ended. Says so where it failed. */
function Actions({ rollout, onDeleted }: Props) {
  const cancel = useCancelRollout();
  const retry = useRetryRollout();
  const remove = useDeleteRollout();
  const error = cancel.error ?? retry.error ?? remove.error;
  return (
    <div className={classes.end}>
      <div className={classes.buttons}>
        <Button
          component="a"
          href={rolloutFileAddress(rollout.id, "zip")}
          download
          variant="default"
          leftSection={<IconFileZip size={14} />}
          title="steps, screenshots, videos, verdict"
        >
          Zip
        </Button>
        <Button
          component="a"
          href={rolloutFileAddress(rollout.id, "report")}
          download
          variant="default"
          leftSection={<IconFileText size={14} />}
          title="one page that opens from a file"
        >
          Report
        </Button>
        <Button
          component={Link}
          href={`/compare/?ids=${encodeURIComponent(rollout.id)}`}
          variant="default"
          leftSection={<IconArrowsDiff size={14} />}
          title="beside other rollouts, step by step"
        >
          Compare
        </Button>
        <RerunButton rollout={rollout} />
        {rollout.status === "failed" && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={14} />}
            loading={retry.isPending}
            onClick={() => retry.mutate(rollout.id)}
          >
            Retry
          </Button>
        )}
        {isLive(rollout.status) ? (
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
            consequence="Its record, all its attempts, videos and screenshots will be gone for good, and the task's rates will no longer count it."
            confirmLabel="Delete"
            onConfirm={() => remove.mutate(rollout.id, { onSuccess: onDeleted })}
          >
            Delete
          </ConfirmButton>
        )}
      </div>
      {error !== null && (
        <p role="alert" className={classes.error}>
          {failureOf(error).detail}
        </p>
      )}
    </div>
  );
}
