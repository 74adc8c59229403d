"use client";

import Link from "next/link";
import { usePeopleOf } from "@/api/people";
import type { Rollout } from "@/api/types";
import { useSecondsSince } from "@/components/Time";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { useRolloutEvents } from "@/features/shell/StreamProvider";
import { formatCount, formatDuration } from "@/lib/format";
import { LastAction } from "./LastAction";
import { LivePicture } from "./LivePicture";
import classes from "./LiveScreen.module.css";

/** One running browser: its picture, and how far it is. */
export function LiveTile({ rollout }: { rollout: Rollout }) {
  useRolloutEvents(rollout.id);
  const { questions, takeover } = usePeopleOf(rollout.id);
  const seconds = useSecondsSince(rollout.started_at);
  return (
    <li className={classes.tile}>
      <Link href={`/live/?watch=${rollout.id}`} className={classes.link} prefetch={false} scroll={false}>
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
        <div className={classes.last}>
          <LastAction rollout={rollout} />
          {questions.length > 0 && <span className={classes.waits}>A question waits for an answer</span>}
          {takeover !== null && <span className={classes.waits}>{TAKEOVERS[takeover.state]}</span>}
        </div>
      </Link>
    </li>
  );
}

const TAKEOVERS = {
  awaited: "It waits for a person to act",
  asked: "A person wants the page",
  held: "A person has the page",
  ended: "",
} as const;
