"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isLive } from "@/features/rollouts/outcome";
import { CALM_MS, LIVE_MS, listInterval, rolloutInterval } from "@/lib/polling";
import { answer, client } from "./client";
import { isConflict } from "./problem";
import type { Rollout, RolloutRequest } from "./types";

const TASKS_A_PAGE = 500;
const ROLLOUTS_A_PAGE = 30;

/** Asked every few seconds: an error means that the server went away. */
export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => answer(client.GET("/health", { signal })),
    refetchInterval: CALM_MS,
    retry: false,
  });
}

/** Tasks in the order of their ids, page after page. */
export function useTasks() {
  return useInfiniteQuery({
    queryKey: ["tasks"],
    queryFn: ({ pageParam, signal }) =>
      answer(client.GET("/api/tasks", { params: { query: { limit: TASKS_A_PAGE, after: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: CALM_MS,
  });
}

/** A task: its newest version, or the one that is named. */
export function useTask(id: string, version?: string) {
  return useQuery({
    queryKey: ["task", id, version],
    queryFn: ({ signal }) =>
      answer(client.GET("/api/tasks/{task_id}", { params: { path: { task_id: id }, query: { version } }, signal })),
    refetchInterval: (query) => ((query.state.data?.counts.live ?? 0) > 0 ? LIVE_MS : CALM_MS),
  });
}

/** Rollouts of one task, or of all (null), newest first, page after page. */
export function useRollouts(taskId: string | null) {
  return useInfiniteQuery({
    queryKey: ["rollouts", taskId],
    queryFn: ({ pageParam, signal }) =>
      answer(
        client.GET("/api/rollouts", {
          params: { query: { limit: ROLLOUTS_A_PAGE, after: pageParam, task_id: taskId ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: (query) => listInterval(query.state.data?.pages.flatMap((page) => page.rollouts) ?? []),
  });
}

export function useRollout(id: string) {
  return useQuery({
    queryKey: ["rollout", id],
    queryFn: ({ signal }) => readRollout(id, signal),
    enabled: id !== "",
    refetchInterval: (query) => rolloutInterval(query.state.data),
  });
}

function readRollout(id: string, signal?: AbortSignal): Promise<Rollout> {
  return answer(client.GET("/api/rollouts/{rollout_id}", { params: { path: { rollout_id: id } }, signal }));
}

/** The steps of a rollout; asked again while it is live, and once more when it has ended. */
export function useSteps(rollout: Pick<Rollout, "id" | "status" | "steps"> | undefined) {
  const live = rollout !== undefined && isLive(rollout.status);
  return useQuery({
    queryKey: ["steps", rollout?.id, live ? "live" : rollout?.steps],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/rollouts/{rollout_id}/steps", {
          params: { path: { rollout_id: rollout?.id ?? "" } },
          signal,
        }),
      ),
    enabled: rollout !== undefined,
    placeholderData: (previous) => previous,
    refetchInterval: live ? LIVE_MS : false,
  });
}

export function useAgents() {
  return useQuery({
    queryKey: ["agents"],
    queryFn: ({ signal }) => answer(client.GET("/api/agents", { signal })),
    staleTime: 60_000,
  });
}

/** Everything that starting, ending or deleting rollouts changes on the pages. */
function useRefreshCounts() {
  const queries = useQueryClient();
  return () =>
    Promise.all(["tasks", "task", "rollouts", "rollout"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
}

export function useUploadTasks() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (file: File) => {
      const form = new FormData();
      form.append("file", file);
      // The document types a binary field as a string; what is sent is the form itself.
      return answer(client.POST("/api/tasks/upload", { body: { file: file.name }, bodySerializer: () => form }));
    },
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["tasks"] }),
        queries.invalidateQueries({ queryKey: ["task"] }),
      ]),
  });
}

export function useStartRollouts() {
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: (body: RolloutRequest) => answer(client.POST("/api/rollouts", { body })),
    onSuccess: refresh,
  });
}

/** Cancels a live rollout; one that has ended meanwhile is kept, and that is what was wanted. */
export function useCancelRollout() {
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: async (id: string) => {
      const asked = client.POST("/api/rollouts/{rollout_id}/cancel", { params: { path: { rollout_id: id } } });
      await answer(asked).catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
    },
    onSuccess: refresh,
  });
}

/** Deletes a rollout that has ended, with its files. */
export function useDeleteRollout() {
  const refresh = useRefreshCounts();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answer(client.DELETE("/api/rollouts/{rollout_id}", { params: { path: { rollout_id: id } } })),
    onSuccess: (_result, id) => {
      queries.removeQueries({ queryKey: ["rollout", id] });
      return refresh();
    },
  });
}
