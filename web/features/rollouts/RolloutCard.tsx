"use client";

import Link from "next/link";
import type { Rollout, RolloutQuery } from "@/api/types";
import { Time } from "@/components/Time";
import { formatCount } from "@/lib/format";
import { Duration, Gist } from "./Gist";
import { rolloutHref } from "./href";
import { OutcomeBadge } from "./OutcomeBadge";
import { outcomeOf } from "./outcome";
import classes from "./RolloutCard.module.css";

/** `list`: the one that it stands in. */
type Props = { rollout: Rollout; showTask?: boolean; list?: RolloutQuery };

/** One rollout in a list: what it came to, who did it, what it answered or why it failed. Opens the rollout. */
export function RolloutCard({ rollout, showTask = false, list }: Props) {
  const who = rollout.model === null ? rollout.agent : `${rollout.agent} · ${rollout.model}`;
  return (
    <Link
      href={rolloutHref(rollout.id, list)}
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
      <span className={classes.gist}>
        <Gist rollout={rollout} />
      </span>
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
