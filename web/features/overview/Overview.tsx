"use client";

import { Skeleton } from "@mantine/core";
import Link from "next/link";
import { useCauses, useOverview, useSuccess } from "@/api/analytics";
import type { SuccessRates, TaskSummary } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { StatisticPanel } from "@/features/analytics/StatisticPanel";
import { SuccessTable } from "@/features/analytics/SuccessTable";
import { NewBatchButton } from "@/features/batches/NewBatchButton";
import { CountsStrip } from "@/features/rollouts/CountsStrip";
import { rolloutsHref } from "@/features/rollouts/href";
import { EndedBatches, LiveBatches } from "./BatchLists";
import { Causes } from "./Causes";
import classes from "./Overview.module.css";
import { RecentRollouts } from "./RecentRollouts";
import { Situation } from "./Situation";
import { Welcome } from "./Welcome";

const CAUSES_SHOWN = 6;

/** `tasks` are undefined while they are loaded; `more`: there are further ones. */
type Props = {
  tasks: readonly TaskSummary[] | undefined;
  more: boolean;
  selected: readonly string[];
  onUpload: (file: File) => void;
};

/** What goes on, how well it goes, and what went wrong, at a glance; on a new installation, how to begin. */
export function Overview({ tasks, more, selected, onUpload }: Props) {
  if (tasks?.length === 0) return <Welcome onUpload={onUpload} />;
  const tasksInWords = tasks === undefined ? "–" : `${tasks.length.toLocaleString("en-US")}${more ? "+" : ""}`;
  return (
    <>
      <header className={classes.header}>
        <h1 className={classes.title}>Overview</h1>
        <NewBatchButton selected={selected} />
      </header>
      <Now />
      <Everything tasks={tasksInWords} />
      <LiveBatches />
      <div className={classes.pair}>
        <Failures />
        <EndedBatches />
      </div>
      <RecentRollouts />
    </>
  );
}

function Now() {
  const { data, error, refetch } = useOverview();
  if (data !== undefined) return <Situation overview={data} />;
  return error === null ? (
    <Skeleton height={82} role="status" aria-label="Loading what goes on now" />
  ) : (
    <FailureNote title="What goes on could not be loaded" error={error} onRetry={() => void refetch()} />
  );
}

function Everything({ tasks }: { tasks: string }) {
  const success = useSuccess({});
  return (
    <>
      {success.data === undefined ? (
        <Skeleton height={62} />
      ) : (
        <CountsStrip counts={countsOf(success.data)} before={[{ name: "Tasks", value: tasks }]} />
      )}
      <StatisticPanel
        title="Success by agent and model"
        aside={
          <Link href="/analytics/" className={classes.more} prefetch={false}>
            Analytics
          </Link>
        }
        query={success}
        emptiness={({ contestants }) =>
          contestants.length === 0
            ? "No rollout yet. Open a task and start one, or start a batch of several tasks at once."
            : null
        }
      >
        {(rates) => <SuccessTable rates={rates} />}
      </StatisticPanel>
    </>
  );
}

function countsOf({ total: { completed, succeeded, rate, left_out } }: SuccessRates) {
  const { live, failed, cancelled } = left_out;
  const total = completed + live + failed + cancelled;
  return { total, completed, succeeded, live, failed, cancelled, success_rate: rate };
}

function Failures() {
  const causes = useCauses();
  const more = (causes.data?.causes.length ?? 0) > CAUSES_SHOWN || causes.data?.more === true;
  return (
    <StatisticPanel
      title="Newest failures, by cause"
      aside={
        more && (
          <Link href={rolloutsHref({ outcome: "failed" })} className={classes.more} prefetch={false}>
            All failures
          </Link>
        )
      }
      query={causes}
      emptiness={({ causes: found }) => (found.length === 0 ? "No rollout has failed." : null)}
    >
      {({ causes: found }) => <Causes causes={found.slice(0, CAUSES_SHOWN)} />}
    </StatisticPanel>
  );
}
