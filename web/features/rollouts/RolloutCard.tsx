"use client";

import Link from "next/link";
import type { Rollout } from "@/api/types";
import { Time, useSecondsSince } from "@/components/Time";
import { formatCount, formatDuration } from "@/lib/format";
import { compactJson, firstLine, shorten } from "@/lib/text";
import { OutcomeBadge } from "./OutcomeBadge";
import { isLive, outcomeOf, truncationOf } from "./outcome";
import classes from "./RolloutCard.module.css";

type Props = { rollout: Rollout; showTask?: boolean };

/** One rollout in a list: what it came to, who did it, what it answered or why it failed. Opens the rollout. */
export function RolloutCard({ rollout, showTask = false }: Props) {
  const who = rollout.model === null ? rollout.agent : `${rollout.agent} · ${rollout.model}`;
  return (
    <Link
      href={`/rollout/?id=${encodeURIComponent(rollout.id)}`}
      className={classes.card}
      data-tone={outcomeOf(rollout).tone}
      data-with-task={showTask || undefined}
      prefetch={false}
    >
      <span className={classes.badge}>
        <OutcomeBadge rollout={rollout} />
      </span>
      {showTask && (
        <span className={classes.task} title={rollout.task_id}>
          {rollout.task_id}
        </span>
      )}
      <span className={classes.agent} title={who}>
        {rollout.model ?? rollout.agent}
      </span>
      <Gist rollout={rollout} />
      <span className={classes.figures}>
        <span>{formatCount(rollout.steps, "step")}</span>
        <Duration rollout={rollout} />
        <span className={classes.when}>
          <Time iso={rollout.created_at} />
        </span>
      </span>
    </Link>
  );
}

/** The one line that a reader looks for: the error, else the answer. */
function Gist({ rollout }: { rollout: Rollout }) {
  if (rollout.status === "pending" && rollout.attempt > 1) {
    return <span className={classes.gist}>waits for a worker again, for attempt {rollout.attempt}</span>;
  }
  const error = rollout.errors[0];
  if (error !== undefined && rollout.status !== "completed") {
    return (
      <span className={classes.gist} data-kind="error">
        {error.phase}: {shorten(firstLine(error.message), 200)}
      </span>
    );
  }
  const truncation = truncationOf(rollout);
  const answer = rollout.verdict?.parsed ?? null;
  return (
    <span className={classes.gist}>
      {rollout.reused_from !== null && <span className={classes.reused}>Reused</span>}
      {truncation !== null && <span className={classes.truncation}>{truncation}</span>}
      {answer !== null && <code>{compactJson(answer, 160)}</code>}
      {answer === null && rollout.verdict !== null && <span>{shorten(firstLine(rollout.verdict.reason), 160)}</span>}
    </span>
  );
}

function Duration({ rollout }: { rollout: Rollout }) {
  const running = useSecondsSince(isLive(rollout.status) ? rollout.started_at : null);
  const seconds = rollout.seconds ?? running;
  return <span>{seconds === null ? "–" : formatDuration(seconds)}</span>;
}
