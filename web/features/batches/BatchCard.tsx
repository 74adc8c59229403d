import Link from "next/link";
import type { Batch } from "@/api/types";
import { Tags } from "@/components/Tags";
import { Time } from "@/components/Time";
import { Rate } from "@/features/rollouts/Rate";
import { formatCount, formatRate } from "@/lib/format";
import { BatchBadge } from "./BatchBadge";
import classes from "./BatchCard.module.css";
import { batchHref, batchTitle, choiceInWords, spentInWords, timeLeft } from "./batch";
import { ProgressBar } from "./ProgressBar";

/** A batch in a list: what it is of, how far it is, what came of it so far. Opens the batch. */
export function BatchCard({ batch }: { batch: Batch }) {
  const { counts } = batch;
  const left = timeLeft(batch);
  const agents = batch.agents.map(choiceInWords).join(", ");
  return (
    <Link href={batchHref(batch.id)} className={classes.card} prefetch={false}>
      <span className={classes.head}>
        <BatchBadge batch={batch} />
        <strong className={classes.name}>{batchTitle(batch)}</strong>
        {batch.priority !== 0 && <span className={classes.faint}>priority {batch.priority}</span>}
        <Tags tags={batch.tags} />
      </span>
      <span className={classes.age}>
        <Time iso={batch.created_at} />
      </span>
      <span className={classes.progress}>
        <ProgressBar counts={counts} />
        <span className={classes.share}>{formatRate(batch.progress)}</span>
      </span>
      <span className={classes.what} title={agents}>
        {formatCount(batch.tasks, "task")} × {agents}
        {batch.repeats > 1 && ` × ${batch.repeats}`}
      </span>
      <span className={classes.figures}>
        {batch.tokens > 0 && <span>{spentInWords(batch)}</span>}
        {left !== null && <span>{left} left</span>}
        <span>
          {(counts.total - counts.live).toLocaleString("en-US")} of {formatCount(counts.total, "rollout")}
        </span>
        <Rate counts={counts} interval={batch.interval} />
      </span>
    </Link>
  );
}
