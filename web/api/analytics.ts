"use client";

import { useQuery } from "@tanstack/react-query";
import { answer, client } from "./client";
import type { paths } from "./schema";

/** What every statistic can be narrowed to. */
export type Scope = NonNullable<paths["/api/analytics/success"]["get"]["parameters"]["query"]>;

/** What runs and waits, how much room there is, why nothing is claimed, how fast it goes. */
export function useOverview() {
  return useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => answer(client.GET("/api/overview", { signal })),
  });
}

/** Success rates, of all and by agent and model. */
export function useSuccess(scope: Scope) {
  return useStatistic("success", scope, (query, signal) =>
    answer(client.GET("/api/analytics/success", { params: { query }, signal })),
  );
}

/** Success rates by day: of all, and by agent and model. */
export function useSuccessByDay(scope: Scope, days: number) {
  return useStatistic("days", { ...scope, days }, (query, signal) =>
    answer(client.GET("/api/analytics/days", { params: { query }, signal })),
  );
}

/** Success rates by task and agent. */
export function useSuccessMatrix(scope: Scope) {
  return useStatistic("matrix", scope, (query, signal) =>
    answer(client.GET("/api/analytics/matrix", { params: { query }, signal })),
  );
}

/** pass@k by agent and model. */
export function usePassAtK(scope: Scope) {
  return useStatistic("pass-at-k", scope, (query, signal) =>
    answer(client.GET("/api/analytics/pass-at-k", { params: { query }, signal })),
  );
}

/** The tasks whose rollouts by one agent disagree most. */
export function useFlakiness(scope: Scope, limit: number) {
  return useStatistic("flakiness", { ...scope, limit }, (query, signal) =>
    answer(client.GET("/api/analytics/flakiness", { params: { query }, signal })),
  );
}

/** Seconds, steps, tokens and cost, by agent and model. */
export function useEffort(scope: Scope) {
  return useStatistic("effort", scope, (query, signal) =>
    answer(client.GET("/api/analytics/effort", { params: { query }, signal })),
  );
}

/** What rollouts failed for, by the kind of their error and agent. */
export function useFailures(scope: Scope) {
  return useStatistic("failures", scope, (query, signal) =>
    answer(client.GET("/api/analytics/failures", { params: { query }, signal })),
  );
}

/** The newest failures, grouped by cause. */
export function useCauses() {
  return useStatistic("causes", {}, (query, signal) =>
    answer(client.GET("/api/analytics/causes", { params: { query }, signal })),
  );
}

function useStatistic<Query, Answer>(
  name: string,
  query: Query,
  ask: (query: Query, signal: AbortSignal) => Promise<Answer>,
) {
  return useQuery({
    queryKey: ["analytics", name, query],
    queryFn: ({ signal }) => ask(query, signal),
    placeholderData: (previous) => previous,
  });
}
