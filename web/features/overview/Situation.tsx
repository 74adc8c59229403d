import Link from "next/link";
import type { ReactNode } from "react";
import type { Overview } from "@/api/types";
import { rolloutsHref } from "@/features/rollouts/href";
import { formatCount, formatDuration, formatEstimate } from "@/lib/format";
import classes from "./Situation.module.css";

/** What goes on now: what runs and waits, how much room there is, how fast it goes, and why nothing is claimed. */
export function Situation({ overview }: { overview: Overview }) {
  const { running, queued, held, slots, workers, throughput } = overview;
  const window = formatDuration(throughput.seconds);
  return (
    <section aria-label="What goes on now" className={classes.situation}>
      <dl className={classes.figures}>
        <Figure name="Running" detail={`of ${formatCount(slots.total, "slot")}`}>
          <Link href={rolloutsHref({ outcome: "running" })} prefetch={false}>
            {running.toLocaleString("en-US")}
          </Link>
        </Figure>
        <Figure name="Queued" detail={held > 0 ? `${held.toLocaleString("en-US")} in paused batches` : "none held"}>
          <Link href={rolloutsHref({ outcome: "pending" })} prefetch={false}>
            {queued.toLocaleString("en-US")}
          </Link>
        </Figure>
        <Figure name="Free slots" detail={`of ${formatCount(workers, "worker")}`}>
          <Link href="/workers/" prefetch={false}>
            {slots.free.toLocaleString("en-US")}
          </Link>
        </Figure>
        <Figure name="Throughput" detail={`${endedInWords(overview)} in the last ${window}`}>
          {perHour(throughput.per_hour)}
        </Figure>
        <Figure name="All done in" detail={etaDetail(overview)}>
          {etaInWords(overview)}
        </Figure>
      </dl>
      {overview.blocked.length > 0 && queued > 0 && <Blocked overview={overview} />}
    </section>
  );
}

function Figure({ name, detail, children }: { name: string; detail: string; children: ReactNode }) {
  return (
    <div className={classes.figure}>
      <dt>{name}</dt>
      <dd className={classes.value}>{children}</dd>
      <dd className={classes.detail}>{detail}</dd>
    </div>
  );
}

function Blocked({ overview: { blocked, claiming } }: { overview: Overview }) {
  return (
    <div className={classes.blocked}>
      <strong>{claiming ? "Some of what waits is not claimed" : "Nothing of what waits is claimed"}</strong>
      <ul>
        {blocked.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <Link href="/workers/" prefetch={false}>
        Workers and quotas
      </Link>
    </div>
  );
}

const endedInWords = ({ throughput: { completed, failed } }: Overview): string =>
  failed === 0 ? `${completed} completed` : `${completed} completed, ${failed} failed`;

const perHour = (rate: number): string =>
  rate === 0 ? "–" : `${rate.toLocaleString("en-US", { maximumFractionDigits: rate < 10 ? 1 : 0 })}/h`;

function etaInWords({ eta_seconds, running, queued }: Overview): string {
  if (running + queued === 0) return "nothing to do";
  return eta_seconds === null ? "–" : formatEstimate(eta_seconds);
}

function etaDetail({ eta_seconds, running, queued, held, live_batches }: Overview): string {
  if (running + queued === 0) return "the queue is empty";
  if (eta_seconds === null) return "nothing has ended lately";
  const batches = formatCount(live_batches, "live batch", "live batches");
  return held > 0 ? `${batches}, without what is held` : batches;
}
