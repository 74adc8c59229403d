"use client";

import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { EmptyState } from "@/components/EmptyState";

/** So many pages are looked through without being asked: tens of thousands of rollouts. */
export const PAGES_AT_ONCE = 20;

type Props = { pages: number; fetching: boolean; onMore: () => unknown };

/** Stands where a search has found nothing yet and has not come to its end: goes on for a while, then asks. */
export function SearchOn({ pages, fetching, onMore }: Props) {
  const [until, setUntil] = useState(PAGES_AT_ONCE);
  const searching = pages < until;
  useEffect(() => {
    if (searching && !fetching) onMore();
  }, [searching, fetching, onMore]);
  return searching ? (
    <div role="status">
      <EmptyState
        title="Searching…"
        detail="Many rollouts may have this text; none that was looked at so far matches."
      />
    </div>
  ) : (
    <EmptyState title="Nothing found so far" detail="Older rollouts, or those further down in this order, may match.">
      <Button variant="default" onClick={() => setUntil(pages + PAGES_AT_ONCE)}>
        Search on
      </Button>
    </EmptyState>
  );
}
