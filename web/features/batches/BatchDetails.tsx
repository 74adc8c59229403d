import Link from "next/link";
import type { Batch, BatchDeleted } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { type Fact, FactList } from "@/components/FactList";
import { Panel } from "@/components/Panel";
import { Tags } from "@/components/Tags";
import { Time } from "@/components/Time";
import { CountsStrip } from "@/features/rollouts/CountsStrip";
import { RolloutList } from "@/features/rollouts/RolloutList";
import { QuotasOf } from "@/features/workers/Quotas";
import { formatDuration, formatRate } from "@/lib/format";
import { compactJson } from "@/lib/text";
import { BatchActions } from "./BatchActions";
import { BatchBadge } from "./BatchBadge";
import classes from "./BatchDetails.module.css";
import { BatchResults } from "./BatchResults";
import { batchTitle, budgetInWords, limitsInWords, quotasOf, spentInWords, timeLeft } from "./batch";
import { EditBatchButton } from "./EditBatchButton";
import { ProgressBar } from "./ProgressBar";

/** A batch: how far it is, what came of it, what it was asked for with, and its rollouts. */
export function BatchDetails({ batch, onDeleted }: { batch: Batch; onDeleted: (deleted: BatchDeleted) => void }) {
  return (
    <>
      <header className={classes.header}>
        <div className={classes.main}>
          <nav aria-label="Where this is" className={classes.path}>
            <Link href="/batches/">Batches</Link>
            <span aria-hidden>/</span>
            <code>{batch.id}</code>
          </nav>
          <div className={classes.head}>
            <h1 className={classes.title}>{batchTitle(batch)}</h1>
            <BatchBadge batch={batch} />
            <Tags tags={batch.tags} />
            <EditBatchButton batch={batch} />
          </div>
        </div>
        <div className={classes.actions}>
          <Link href={`/analytics/?batch=${encodeURIComponent(batch.id)}`} className={classes.link} prefetch={false}>
            Its analytics
          </Link>
          <BatchActions batch={batch} onDeleted={onDeleted} />
        </div>
      </header>
      <Progress batch={batch} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <BatchResults batch={batch} />
          <Panel title="Quotas" aside="limits of a model for all rollouts together, at once; 0 stops it">
            <QuotasOf names={quotasOf(batch)} />
          </Panel>
        </div>
        <div className={classes.column}>
          <Panel title="Terms">
            <FactList facts={termsOf(batch)} />
          </Panel>
          {batch.agents.some(({ parameters }) => parameters && Object.keys(parameters).length > 0) && (
            <Agents batch={batch} />
          )}
        </div>
      </div>
      <h2 className={classes.subtitle}>Rollouts</h2>
      <RolloutList
        within={{ batch_id: batch.id }}
        empty={<EmptyState title="No rollout is left" detail="All rollouts of this batch were deleted one by one." />}
      />
    </>
  );
}

function Progress({ batch }: { batch: Batch }) {
  const { counts } = batch;
  const left = timeLeft(batch);
  return (
    <section aria-label="Progress" className={classes.progress}>
      <p className={classes.line}>
        <strong>{formatRate(batch.progress)} ended</strong>
        <span>{counts.live === 0 ? <Ended batch={batch} /> : left === null ? noEstimate(batch) : `${left} left`}</span>
      </p>
      <ProgressBar counts={counts} large />
      <CountsStrip
        counts={counts}
        interval={batch.interval}
        after={[
          ...(counts.live > 0 ? [{ name: "In progress", value: counts.claimed }] : []),
          ...(counts.reused > 0 ? [{ name: "Reused", value: counts.reused }] : []),
        ]}
      />
    </section>
  );
}

function Ended({ batch: { finished_at } }: { batch: Batch }) {
  return finished_at === null ? null : (
    <>
      ended <Time iso={finished_at} />
    </>
  );
}

function noEstimate({ paused, budget_spent, counts }: Batch): string {
  if (budget_spent) return "paused: its budget is spent";
  if (paused) return counts.claimed > 0 ? "paused: what was begun is finished" : "paused";
  return counts.claimed > 0 ? "no estimate before the first rollout has ended" : "waits for free workers";
}

function Agents({ batch: { agents } }: { batch: Batch }) {
  return (
    <Panel title={agents.length === 1 ? "Agent" : `Agents (${agents.length})`}>
      <ul className={classes.agents}>
        {agents.map(({ agent, model, parameters }, position) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the agents of a batch never change, and may repeat
          <li key={position}>
            <strong>{agent}</strong>
            {model && <span className={classes.model}>{model}</span>}
            {parameters !== undefined && Object.keys(parameters).length > 0 && (
              <code className={classes.parameters}>{compactJson(parameters, 300)}</code>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function termsOf(batch: Batch): Fact[] {
  const limits = limitsInWords(batch.limits);
  return [
    { name: "Rollouts", value: `${batch.tasks} × ${batch.agents.length} × ${batch.repeats}`, title: WHAT_TIMES_WHAT },
    { name: "Spent", value: spentInWords(batch) },
    {
      name: "Budget",
      value: budgetInWords(batch),
      title: "once it is spent, the batch is paused until it is raised; change it with the pencil",
    },
    { name: "Priority", value: batch.priority, title: "batches of a higher one go first" },
    { name: "Attempts", value: `at most ${batch.max_attempts} a rollout` },
    {
      name: "Limits",
      value: limits.length === 0 ? "those of the tasks" : limits.join(", "),
    },
    { name: "Reuse", value: batch.reuse ? "identical completed rollouts answer" : "no: everything is executed" },
    {
      name: "A rollout takes",
      value: batch.mean_seconds === null ? "not known yet" : formatDuration(batch.mean_seconds),
      title: "mean of those that were executed to an end",
    },
    { name: "Started", value: <Time iso={batch.created_at} /> },
  ];
}

const WHAT_TIMES_WHAT = "tasks × agents × repeats";
