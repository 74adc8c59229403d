"use client";

import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { useBatches } from "@/api/batches";
import { FailureNote } from "@/components/FailureNote";
import { BatchCard } from "./BatchCard";
import classes from "./BatchList.module.css";

/** `live`: only batches that go on, or only those that have ended; all where it is undefined. */
type Props = { live: boolean | undefined; empty: ReactNode };

/** Batches, newest first. */
export function BatchList({ live, empty }: Props) {
  const query = useBatches(live);
  const batches = query.data?.pages.flatMap((page) => page.batches);
  if (batches === undefined) {
    return query.error === null ? (
      <Loading />
    ) : (
      <FailureNote title="The batches could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  if (batches.length === 0) return empty;
  return (
    <div>
      <ul className={classes.list} aria-label="Batches, newest first">
        {batches.map((batch) => (
          <li key={batch.id} className={classes.item}>
            <BatchCard batch={batch} />
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          className={classes.more}
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </div>
  );
}

function Loading() {
  return (
    <div className={classes.list} role="status" aria-label="Loading the batches">
      {["a", "b", "c", "d"].map((key) => (
        <Skeleton key={key} height={78} />
      ))}
    </div>
  );
}
