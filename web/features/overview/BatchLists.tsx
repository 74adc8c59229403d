import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { useBatches } from "@/api/batches";
import type { Batch } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { BatchCard } from "@/features/batches/BatchCard";
import classes from "./Overview.module.css";

const SHOWN = 5;

/** The batches that go on, newest first; nothing where there are none. */
export function LiveBatches() {
  const { data } = useBatches(true);
  const batches = data?.pages.flatMap((page) => page.batches) ?? [];
  if (batches.length === 0) return null;
  return (
    <section aria-label="Batches that go on" className={classes.part}>
      <h2 className={classes.subtitle}>Going on</h2>
      <Cards batches={batches.slice(0, SHOWN)} />
    </section>
  );
}

/** The batches that ended last. */
export function EndedBatches() {
  const { data, error, refetch } = useBatches(false);
  const ended = data?.pages.flatMap((page) => page.batches);
  return (
    <section aria-label="Recently finished batches" className={classes.part}>
      <h2 className={classes.subtitle}>Recently finished</h2>
      {ended !== undefined ? (
        <Ended batches={[...ended].sort(byEnd).slice(0, SHOWN)} />
      ) : error === null ? (
        <Skeleton height={78} role="status" aria-label="Loading the batches" />
      ) : (
        <FailureNote title="The batches could not be loaded" error={error} onRetry={() => void refetch()} />
      )}
    </section>
  );
}

const byEnd = (left: Batch, right: Batch) => Date.parse(right.finished_at ?? "") - Date.parse(left.finished_at ?? "");

function Ended({ batches }: { batches: readonly Batch[] }): ReactNode {
  if (batches.length === 0) return <p className={classes.note}>No batch has ended yet.</p>;
  return <Cards batches={batches} />;
}

function Cards({ batches }: { batches: readonly Batch[] }) {
  return (
    <ul className={classes.cards}>
      {batches.map((batch) => (
        <li key={batch.id}>
          <BatchCard batch={batch} />
        </li>
      ))}
    </ul>
  );
}
