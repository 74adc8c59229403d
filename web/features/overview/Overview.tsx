"use client";

import { Skeleton } from "@mantine/core";
import type { TaskSummary } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { NewBatchButton } from "@/features/batches/NewBatchButton";
import { CountsStrip } from "@/features/rollouts/CountsStrip";
import { sumCounts } from "@/features/rollouts/outcome";
import { RolloutList } from "@/features/rollouts/RolloutList";
import classes from "./Overview.module.css";
import { Welcome } from "./Welcome";

const EVERYWHERE = {};

/** `tasks` are undefined while they are loaded; `more`: there are further ones, which the totals leave out. */
type Props = {
  tasks: readonly TaskSummary[] | undefined;
  more: boolean;
  selected: readonly string[];
  onUpload: (file: File) => void;
};

/** All tasks and rollouts at a glance; on a new installation, how to begin. */
export function Overview({ tasks, more, selected, onUpload }: Props) {
  if (tasks?.length === 0) return <Welcome onUpload={onUpload} />;
  return (
    <>
      <header className={classes.header}>
        <h1 className={classes.title}>Overview</h1>
        <NewBatchButton selected={selected} />
      </header>
      {tasks === undefined ? (
        <Skeleton height={62} />
      ) : (
        <CountsStrip
          counts={sumCounts(tasks.map((task) => task.counts))}
          before={[{ name: "Tasks", value: `${tasks.length}${more ? "+" : ""}` }]}
        />
      )}
      {more && <p className={classes.note}>Totals of the loaded tasks; the sidebar loads more.</p>}
      <h2 className={classes.subtitle}>Recent rollouts</h2>
      <RolloutList
        within={EVERYWHERE}
        empty={
          <EmptyState
            title="No rollout yet"
            detail="Open a task and start one, select several tasks in the list and start one of each, or start a batch of all."
          />
        }
      />
    </>
  );
}
