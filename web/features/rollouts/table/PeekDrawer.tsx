"use client";

import { Button, Drawer, Skeleton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import Link from "next/link";
import { useState } from "react";
import { useRollout } from "@/api/queries";
import type { RolloutDetail } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { JsonBlock } from "@/components/Json";
import { Time } from "@/components/Time";
import { formatCount } from "@/lib/format";
import { shorten } from "@/lib/text";
import { Duration } from "../Gist";
import { rolloutHref } from "../href";
import { OutcomeBadge } from "../OutcomeBadge";
import { outcomeOf, truncationOf } from "../outcome";
import classes from "./PeekDrawer.module.css";

const MOST_WORDS = 600;

type Props = {
  id: string;
  /** The rollouts around it, to go up and down. */
  ids: readonly string[];
  onPeek: (id: string) => void;
};

/** A rollout in short, beside the list that it is in. */
export default function PeekDrawer({ id, ids, onPeek }: Props) {
  const place = ids.indexOf(id);
  const before = place > 0 ? ids[place - 1] : undefined;
  const after = place >= 0 ? ids[place + 1] : undefined;
  return (
    <Drawer
      opened={id !== ""}
      onClose={() => onPeek("")}
      position="right"
      size={480}
      title="Rollout"
      closeButtonProps={{ "aria-label": "Close" }}
      onKeyDown={(event) => {
        const other = event.key === "ArrowDown" ? after : event.key === "ArrowUp" ? before : undefined;
        if (other !== undefined && !(event.target instanceof HTMLMediaElement)) {
          event.preventDefault();
          onPeek(other);
        }
      }}
    >
      <div className={classes.ways}>
        <Button component={Link} href={rolloutHref(id)} prefetch={false} data-autofocus>
          Open
        </Button>
        <Button
          variant="default"
          aria-label="The one above"
          disabled={before === undefined}
          onClick={() => before !== undefined && onPeek(before)}
        >
          <IconArrowUp size={14} />
        </Button>
        <Button
          variant="default"
          aria-label="The one below"
          disabled={after === undefined}
          onClick={() => after !== undefined && onPeek(after)}
        >
          <IconArrowDown size={14} />
        </Button>
      </div>
      {id !== "" && <Peek key={id} id={id} />}
    </Drawer>
  );
}

function Peek({ id }: { id: string }) {
  const query = useRollout(id);
  if (query.data !== undefined) return <Short rollout={query.data} />;
  return query.error === null ? (
    <Skeleton height={320} role="status" aria-label="Loading the rollout" />
  ) : (
    <FailureNote title="The rollout could not be loaded" error={query.error} onRetry={() => query.refetch()} />
  );
}

function Short({ rollout }: { rollout: RolloutDetail }) {
  const truncation = truncationOf(rollout);
  return (
    <div className={classes.short}>
      <div className={classes.line}>
        <OutcomeBadge rollout={rollout} />
        <bdi className={classes.task}>{rollout.task_id}</bdi>
      </div>
      <p className={classes.verdict}>{shorten(sentenceOf(rollout), MOST_WORDS)}</p>
      {truncation !== null && <p className={classes.faint}>{truncation}</p>}
      <p className={classes.faint}>
        <bdi>{rollout.model ?? rollout.agent}</bdi> · {formatCount(rollout.steps, "step")} ·{" "}
        <Duration rollout={rollout} /> · <Time iso={rollout.created_at} />
      </p>
      {rollout.steps > 0 && <LastScreenshot rollout={rollout} />}
      {rollout.video_url !== null && (
        <video className={classes.picture} src={rollout.video_url} controls preload="none" muted aria-label="Video" />
      )}
      {rollout.verdict !== null && (
        <div className={classes.answers}>
          <figure>
            <figcaption>Answer</figcaption>
            <JsonBlock value={rollout.verdict.parsed} label="Answer" />
          </figure>
          <figure>
            <figcaption>Expected</figcaption>
            <JsonBlock value={rollout.expected} label="Expected answer" />
          </figure>
        </div>
      )}
    </div>
  );
}

function LastScreenshot({ rollout: { id, task_id, steps, attempt } }: { rollout: RolloutDetail }) {
  const [gone, setGone] = useState(false);
  if (gone) return <p className={classes.faint}>The last screenshot is not there.</p>;
  return (
    // biome-ignore lint/performance/noImgElement: a screenshot of any size, from the server's own API
    <img
      className={classes.picture}
      src={`/api/rollouts/${id}/steps/${steps - 1}/screenshot?attempt=${attempt}`}
      alt={`The page at the last step of ${task_id}`}
      onError={() => setGone(true)}
    />
  );
}

/** What the verifier said; of one without a verdict, what became of it. */
function sentenceOf(rollout: RolloutDetail): string {
  if (rollout.verdict !== null) return rollout.verdict.reason;
  const error = rollout.errors[0];
  if (rollout.status === "failed" && error !== undefined) return `${error.phase}: ${error.message}`;
  return `${outcomeOf(rollout).label}: ${outcomeOf(rollout).meaning}`;
}
