"use client";

import {
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { answer, client } from "./client";
import { useRefreshAfterDeletion, useRefreshCounts } from "./queries";
import type { Batch, BatchRequest, BatchUpdate } from "./types";

const BATCHES_A_PAGE = 50;

/** Batches, newest first, page after page; `live`: only those that go on, or only those that have ended. */
export function useBatches(live: boolean | undefined) {
  return useInfiniteQuery({
    queryKey: ["batches", live],
    queryFn: ({ pageParam, signal }) =>
      answer(
        client.GET("/api/batches", { params: { query: { live, limit: BATCHES_A_PAGE, after: pageParam } }, signal }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

export function useBatch(id: string, { enabled = true } = {}) {
  return useQuery({ ...batchOptions(id), enabled: enabled && id !== "" });
}

/** Several batches, in the order of their ids here. */
export function useBatchesById(ids: readonly string[]) {
  return useQueries({ queries: [...new Set(ids)].map(batchOptions) });
}

const batchOptions = (id: string) =>
  queryOptions({
    queryKey: ["batch", id],
    queryFn: ({ signal }) =>
      answer(client.GET("/api/batches/{batch_id}", { params: { path: { batch_id: id } }, signal })),
  });

/** Starts a batch. The same key again, however often and however fast, is the same batch again. */
export function createBatch(request: BatchRequest, idempotencyKey: string): Promise<Batch> {
  const params = { header: { "idempotency-key": idempotencyKey } };
  return answer(client.POST("/api/batches", { body: request, params }));
}

/** Changes what can be changed of a batch while it runs: pause, priority, name, tags. */
export function useUpdateBatch(id: string) {
  const queries = useQueryClient();
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: (body: BatchUpdate) =>
      answer(client.PATCH("/api/batches/{batch_id}", { params: { path: { batch_id: id } }, body })),
    onSuccess: (batch) => {
      queries.setQueryData(["batch", id], batch);
      return refresh();
    },
  });
}

export function useCancelBatch(id: string) {
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: () => answer(client.POST("/api/batches/{batch_id}/cancel", { params: { path: { batch_id: id } } })),
    onSuccess: refresh,
  });
}

/** Queues its rollouts that failed for their infrastructure once more. */
export function useRetryBatch(id: string) {
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: () => answer(client.POST("/api/batches/{batch_id}/retry", { params: { path: { batch_id: id } } })),
    onSuccess: refresh,
  });
}

/** Deletes a batch that has ended, with its rollouts and their files. */
export function useDeleteBatch(id: string) {
  const refresh = useRefreshAfterDeletion();
  return useMutation({
    mutationFn: () => answer(client.DELETE("/api/batches/{batch_id}", { params: { path: { batch_id: id } } })),
    onSuccess: () => void refresh(),
  });
}
