"use client";

import { Button, Skeleton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import dynamic from "next/dynamic";
import { useQueryStates } from "nuqs";
import type { ReactNode } from "react";
import { useRollouts } from "@/api/queries";
import type { RolloutQuery } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { countFilters, FILTERS, queryOf } from "./filters";
import { RolloutCard } from "./RolloutCard";
import classes from "./RolloutList.module.css";
import { SearchOn } from "./SearchOn";

const TYPING_MS = 250;

const FilterBar = dynamic(() => import("./FilterBar"), {
  ssr: false,
  loading: () => <Skeleton className={classes.filters} />,
});

/** `within`: the task or the batch whose rollouts these are, or neither for all. `empty` stands where there are none at all. */
type Props = { within: { task_id?: string; batch_id?: string }; empty: ReactNode };

/** Rollouts, narrowed and ordered as the address says. */
export function RolloutList({ within, empty }: Props) {
  const [filters, setFilters] = useQueryStates(FILTERS);
  const [asked] = useDebouncedValue(filters, TYPING_MS);
  const shown = { ...queryOf(asked), ...within };
  const query = useRollouts(shown);
  const rollouts = query.data?.pages.flatMap((page) => page.rollouts);
  const narrowed = countFilters(filters) > 0;
  if (rollouts?.length === 0 && !narrowed && !query.isPlaceholderData) return empty;
  return (
    <>
      <FilterBar filters={filters} onChange={setFilters} batch={within.batch_id === undefined} query={shown} />
      <Rows
        query={query}
        within={within}
        list={shown}
        stale={query.isPlaceholderData}
        onClear={() => setFilters(null)}
      />
    </>
  );
}

type RowsProps = Pick<Props, "within"> & {
  query: ReturnType<typeof useRollouts>;
  list: RolloutQuery;
  stale: boolean;
  onClear: () => void;
};

function Rows({ query, within, list, stale, onClear }: RowsProps) {
  const rollouts = query.data?.pages.flatMap((page) => page.rollouts);
  if (query.error !== null && (rollouts === undefined || stale)) {
    return <FailureNote title="The rollouts could not be loaded" error={query.error} onRetry={() => query.refetch()} />;
  }
  if (rollouts === undefined) return <Loading />;
  if (rollouts.length === 0 && query.hasNextPage) {
    return (
      <SearchOn
        pages={query.data?.pages.length ?? 0}
        fetching={query.isFetchingNextPage}
        onMore={query.fetchNextPage}
      />
    );
  }
  if (rollouts.length === 0) {
    return (
      <EmptyState title="No rollout matches" detail="None has all that is chosen above.">
        <Button variant="default" onClick={onClear}>
          Show all
        </Button>
      </EmptyState>
    );
  }
  return (
    <div aria-busy={stale}>
      <ul className={classes.list} aria-label="Rollouts" data-stale={stale || undefined}>
        {rollouts.map((rollout) => (
          <li key={rollout.id} className={classes.item}>
            <RolloutCard rollout={rollout} showTask={within.task_id === undefined} list={list} />
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
    <div className={classes.list} role="status" aria-label="Loading the rollouts">
      {["a", "b", "c", "d"].map((key) => (
        <Skeleton key={key} height={42} />
      ))}
    </div>
  );
}
