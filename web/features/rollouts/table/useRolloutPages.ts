"use client";

import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import { answer, client } from "@/api/client";
import type { Rollout, RolloutQuery } from "@/api/types";
import { type Known, pagesOf, placeOf, ROLLOUTS_A_PAGE } from "./pages";

const KEPT_MS = 10 * 60_000;
const LIVE_STALE_MS = 2_000;

export type RolloutPages = {
  known: Known;
  rowAt: (row: number) => { rollout: Rollout; readAt: number } | null;
  error: Error | null;
  /** Every row that is held now, for a choice of all of them. */
  loaded: readonly Rollout[];
  /** Whether the list is being read anew. */
  renewing: boolean;
  /** Whether it was read so long ago that whoever opens it wants it anew. */
  isOld: boolean;
  renew: () => void;
  retry: () => void;
};

/**
 * The pages of a list that some rows are on. A page is read once and stays as it was, so that nothing moves under the reader; what is
 * in its rows is kept true row by row (`useRow`).
 */
export function useRolloutPages(query: RolloutQuery, firstRow: number, lastRow: number): RolloutPages {
  const list = useMemo(() => pagesOf(query), [query]);
  const known = useSyncExternalStore(
    list.listen,
    () => list.known,
    () => list.known,
  );
  const last = Math.min(placeOf(known, lastRow).page, known.starts.length - 1);
  const first = Math.min(placeOf(known, firstRow).page, last);
  const wanted = Array.from({ length: last - first + 1 }, (_, place) => first + place);
  const pages = useQueries({
    queries: wanted.map((page) => {
      const after = known.starts[page] ?? undefined;
      return {
        queryKey: ["list", query, known.read, after ?? null],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          answer(
            client.GET("/api/rollouts", { params: { query: { ...query, limit: ROLLOUTS_A_PAGE, after } }, signal }),
          ),
        staleTime: Number.POSITIVE_INFINITY,
        // The first page has no cursor: read again, it could begin elsewhere.
        gcTime: page === 0 ? Number.POSITIVE_INFINITY : KEPT_MS,
        placeholderData: page === 0 ? keepPreviousData : undefined,
      };
    }),
  });
  const renew = useCallback(() => list.renew(), [list]);
  useEffect(() => {
    for (const [place, { data, isPlaceholderData }] of pages.entries()) {
      if (data !== undefined && !isPlaceholderData) {
        const read = { size: data.rollouts.length, first: data.rollouts[0]?.id ?? null, next: data.next };
        list.pageRead(first + place, read);
      }
    }
  });
  return {
    known,
    rowAt: (row) => {
      const place = placeOf(known, row);
      const page = pages[place.page - first];
      const rollout = page?.data?.rollouts[place.offset];
      return rollout === undefined || page === undefined ? null : { rollout, readAt: page.dataUpdatedAt };
    },
    error: pages.find(({ error }) => error !== null)?.error ?? null,
    loaded: pages.flatMap(({ data }) => data?.rollouts ?? []),
    renewing: pages.some(({ isPlaceholderData }) => isPlaceholderData),
    isOld: list.isOld,
    renew,
    retry: () => {
      for (const page of pages) if (page.error !== null) void page.refetch();
    },
  };
}

/** A row, as it is now: told of by the stream, and read again only where it is seen. */
export function useRow(rollout: Rollout, readAt: number) {
  return useQuery({
    queryKey: ["row", rollout.id],
    queryFn: ({ signal }): Promise<Rollout> =>
      answer(client.GET("/api/rollouts/{rollout_id}", { params: { path: { rollout_id: rollout.id } }, signal })),
    initialData: rollout,
    initialDataUpdatedAt: readAt,
    staleTime: rollout.finished_at === null ? LIVE_STALE_MS : Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });
}

/** How many match, and which is the newest or first of them; asked again when something changed. */
export function useListHead(query: RolloutQuery) {
  return useQuery({
    queryKey: ["rollouts", "head", query],
    queryFn: ({ signal }) =>
      answer(client.GET("/api/rollouts", { params: { query: { ...query, limit: 1, count: true } }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** How many rollouts each further choice would show. */
export function useFacets(query: RolloutQuery) {
  const { sort: _sort, ...where } = query;
  return useQuery({
    queryKey: ["facets", where],
    queryFn: ({ signal }) => answer(client.GET("/api/rollouts/facets", { params: { query: where }, signal })),
    placeholderData: keepPreviousData,
  });
}
