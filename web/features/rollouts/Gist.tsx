"use client";

import type { Rollout } from "@/api/types";
import { useSecondsSince } from "@/components/Time";
import { formatDuration } from "@/lib/format";
import { compactJson, firstLine, shorten } from "@/lib/text";
import classes from "./Gist.module.css";
import { isLive, truncationOf } from "./outcome";

/** The one line that a reader looks for: the error, else the answer. */
export function Gist({ rollout }: { rollout: Rollout }) {
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

export function Duration({ rollout }: { rollout: Rollout }) {
  const running = useSecondsSince(isLive(rollout.status) ? rollout.started_at : null);
  const seconds = rollout.seconds ?? running;
  return <span>{seconds === null ? "–" : formatDuration(seconds)}</span>;
}
