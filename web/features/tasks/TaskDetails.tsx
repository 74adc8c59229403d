"use client";

import { Skeleton } from "@mantine/core";
import { useQueryState } from "nuqs";
import { isMissing } from "@/api/problem";
import { useTask } from "@/api/queries";
import type { TaskDetail } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { JsonBlock } from "@/components/Json";
import { Panel } from "@/components/Panel";
import { CountsStrip } from "@/features/rollouts/CountsStrip";
import { RolloutList } from "@/features/rollouts/RolloutList";
import { formatDuration } from "@/lib/format";
import { AttemptGrid } from "./AttemptGrid";
import { Instruction } from "./Instruction";
import { verifierRules } from "./rules";
import { StartRollouts } from "./StartRollouts";
import classes from "./TaskDetails.module.css";
import { Versions } from "./Versions";

/** One task: what is asked, what is right, and all its rollouts. */
export function TaskDetails({ id }: { id: string }) {
  const [version] = useQueryState("version");
  const query = useTask(id, version ?? undefined);
  if (query.data === undefined) {
    if (isMissing(query.error)) {
      return (
        <EmptyState
          title="There is no such task"
          detail={
            <>
              No task has the id <code>{id}</code>
              {version !== null && (
                <>
                  {" "}
                  and the version <code>{version}</code>
                </>
              )}
              .
            </>
          }
          home
        />
      );
    }
    return query.error === null ? (
      <Skeleton height={260} role="status" aria-label="Loading the task" />
    ) : (
      <FailureNote title="The task could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  const { task, counts } = query.data;
  return (
    <>
      <header className={classes.header}>
        <h1 className={classes.id}>{task.id}</h1>
        <Facts detail={query.data} />
      </header>
      <Versions detail={query.data} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <Panel title="Instruction">
            <Instruction text={task.task} />
          </Panel>
          <Panel title="Verifier" aside={task.answer == null ? "checks only the state" : undefined}>
            <dl className={classes.rules}>
              {verifierRules(task.verifier, { answer: task.answer != null }).map(({ about, rule }) => (
                <div key={about}>
                  <dt>{about}</dt>
                  <dd>{rule}</dd>
                </div>
              ))}
            </dl>
          </Panel>
        </div>
        {task.answer != null && (
          <Panel title="Expected answer">
            <JsonBlock value={task.answer} label="Expected answer as JSON" />
          </Panel>
        )}
      </div>
      <section className={classes.rollouts} aria-label="Rollouts">
        <div className={classes.launch}>
          <h2 className={classes.title}>Rollouts</h2>
          <StartRollouts taskIds={[task.id]} />
        </div>
        {counts.total > 0 && <CountsStrip counts={counts} />}
        <AttemptGrid taskId={task.id} version={version ?? undefined} />
        <RolloutList
          within={{ task_id: task.id }}
          empty={
            <EmptyState
              title="No rollout of this task yet"
              detail="Choose an agent above and start one: it gets a fresh environment of its own, and its video and steps appear here."
            />
          }
        />
      </section>
    </>
  );
}

function Facts({ detail: { task, version } }: { detail: TaskDetail }) {
  return (
    <ul className={classes.facts}>
      <li title="the environment that each rollout gets afresh">{task.environment}</li>
      {task.start_path !== "/" && (
        <li title="the path that the browser opens first">
          <code>{task.start_path}</code>
        </li>
      )}
      <li title="where a rollout is truncated">
        ≤ {task.limits.steps} steps, {formatDuration(task.limits.seconds)}
      </li>
      <li title="content hash of this version of the task">
        <code>{version.slice(0, 8)}</code>
      </li>
      {task.tags.map((tag) => (
        <li key={tag} className={classes.tag}>
          {tag}
        </li>
      ))}
    </ul>
  );
}
