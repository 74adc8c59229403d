"use client";

import { Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconBan, IconCheck, IconPlayerPause } from "@tabler/icons-react";
import type { Worker } from "@/api/types";
import { useWorkers } from "@/api/workers";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { LiveDot } from "@/components/LiveDot";
import { Time } from "@/components/Time";
import { ToneBadge } from "@/features/rollouts/ToneBadge";
import classes from "./WorkerList.module.css";
import { poolInWords, sortWorkers, standingOf } from "./worker";

/** The workers of the last day, those alive first. */
export function WorkerList() {
  const query = useWorkers();
  if (query.data === undefined) {
    return query.error === null ? (
      <Skeleton height={150} role="status" aria-label="Loading the workers" />
    ) : (
      <FailureNote title="The workers could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  const workers = sortWorkers(query.data.workers);
  if (workers.length === 0) {
    return (
      <EmptyState
        title="No worker was here today"
        detail={
          <>
            <code>rolldeck serve</code> starts some by itself; <code>rolldeck worker</code> joins another one to the
            same database.
          </>
        }
      />
    );
  }
  return (
    <ul className={classes.list} aria-label="Workers">
      {workers.map((worker) => (
        <li key={worker.id} className={classes.worker} data-gone={!worker.alive || undefined}>
          <WorkerRow worker={worker} />
        </li>
      ))}
    </ul>
  );
}

function WorkerRow({ worker }: { worker: Worker }) {
  const { report, alive } = worker;
  return (
    <>
      <span className={classes.standing}>
        <WorkerBadge worker={worker} />
      </span>
      <span className={classes.who}>
        <strong>{worker.host}</strong>
        <span className={classes.faint}>
          process {worker.pid} · {worker.version} · <code>{worker.id}</code>
        </span>
      </span>
      <span className={classes.load}>
        {alive && (
          <>
            <meter
              min={0}
              max={report.parallel}
              value={report.running}
              className={classes.meter}
              aria-label="rollouts at once"
            />
            {report.running} of {report.parallel} at once
          </>
        )}
      </span>
      <span className={classes.pool}>{alive && poolInWords(report.pool)}</span>
      <span className={classes.seen}>
        {alive ? "started " : "last seen "}
        <Time iso={alive ? worker.started_at : worker.seen_at} />
        {alive && (
          <>
            {", seen "}
            <Time iso={worker.seen_at} />
          </>
        )}
      </span>
      {alive && report.blocked !== null && <span className={classes.blocked}>Claims nothing: {report.blocked}</span>}
    </>
  );
}

const ICON = { size: 13, stroke: 2.4, "aria-hidden": true } as const;

const ICONS = {
  working: <IconCheck {...ICON} />,
  blocked: <IconPlayerPause {...ICON} />,
  draining: <LiveDot />,
  stopped: <IconBan {...ICON} />,
  lost: <IconAlertTriangle {...ICON} />,
};

function WorkerBadge({ worker }: { worker: Worker }) {
  const { name, ...standing } = standingOf(worker);
  return <ToneBadge {...standing} icon={ICONS[name]} />;
}
