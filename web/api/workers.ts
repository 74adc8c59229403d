"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { QuotaLimits } from "./types";

/** The workers of the last day. */
export function useWorkers() {
  return useQuery({
    queryKey: ["workers"],
    queryFn: ({ signal }) => answer(client.GET("/api/workers", { signal })),
  });
}

export function useQuotas() {
  return useQuery({
    queryKey: ["quotas"],
    queryFn: ({ signal }) => answer(client.GET("/api/quotas", { signal })),
  });
}

/** Makes or replaces the limits of a model; they hold at once, also for rollouts that run. */
export function useSetQuota() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, limits }: { name: string; limits: QuotaLimits }) =>
      answer(client.PUT("/api/quotas/{name}", { params: { path: { name } }, body: limits })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["quotas"] }),
  });
}

/** Removes the limits of a model. */
export function useRemoveQuota() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answer(client.DELETE("/api/quotas/{name}", { params: { path: { name } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["quotas"] }),
  });
}
