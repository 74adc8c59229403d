"use client";

import Link from "next/link";
import type { Rollout } from "@/api/types";
import { useSecondsSince } from "@/components/Time";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { useRolloutEvents } from "@/features/shell/StreamProvider";
import { formatCount, formatDuration } from "@/lib/format";
import { LivePicture } from "./LivePicture";
import classes from "./LiveScreen.module.css";

/** One running browser: its picture, and how far it is. */
export function LiveTile({ rollout }: { rollout: Rollout }) {
  useRolloutEvents(rollout.id);
  const seconds = useSecondsSince(rollout.started_at);
  return (
    <li className={classes.tile}>
      <Link href={`/rollout/?id=${rollout.id}`} className={classes.link} prefetch={false}>
        <div className={classes.screen}>
          <LivePicture rolloutId={rollout.id} label={`Live picture of ${rollout.task_id}`} />
        </div>
        <div className={classes.caption}>
          <span className={classes.task}>{rollout.task_id}</span>
          <OutcomeBadge rollout={rollout} />
        </div>
        <div className={classes.facts}>
          <span>{rollout.agent}</span>
          {rollout.model !== null && <span>{rollout.model}</span>}
          <span>{formatCount(rollout.steps, "step")}</span>
          {seconds !== null && <span>{formatDuration(seconds)}</span>}
        </div>
      </Link>
    </li>
  );
}
