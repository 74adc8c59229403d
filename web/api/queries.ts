"use client";

import {
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { isLive } from "@/features/rollouts/outcome";
import { answer, client } from "./client";
import { isConflict } from "./problem";
import type { RolloutDetail, RolloutQuery, TaskSummary } from "./types";

const TASKS_A_PAGE = 500;
const MOST_TASKS_A_PAGE = 1000;
const RECENT = 10;
const ROLLOUTS_A_PAGE = 30;

/** What of a rollout is played back: one attempt of it. `steps` is how many it has so far. */
export type Recording = {
  rolloutId: string;
  attempt: number;
  live: boolean;
  steps: number;
  videoUrl: string | null;
};

/** How the server is: asked again when something happened, and when the stream is there again. */
export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => answer(client.GET("/health", { signal })),
    retry: false,
  });
}

/** Tasks in the order of their ids, page after page. */
export function useTasks() {
  return useInfiniteQuery({
    queryKey: ["tasks"],
    queryFn: ({ pageParam, signal }) =>
      answer(
        client.GET("/api/tasks", {
          params: { query: { limit: TASKS_A_PAGE, recent: RECENT, after: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** Every task there is, read to the end: for a choice among all of them. */
export function useEveryTask() {
  return useQuery({
    queryKey: ["tasks", "every"],
    queryFn: async ({ signal }) => {
      const all: TaskSummary[] = [];
      let after: string | null | undefined;
      do {
        const query = { limit: MOST_TASKS_A_PAGE, after };
        const page = await answer(client.GET("/api/tasks", { params: { query }, signal }));
        all.push(...page.tasks);
        after = page.next;
      } while (after !== null);
      return all;
    },
    staleTime: 30_000,
  });
}

/** A task: its newest version, or the one that is named. */
export function useTask(id: string, version?: string) {
  return useQuery({
    queryKey: ["task", id, version],
    queryFn: ({ signal }) =>
      answer(client.GET("/api/tasks/{task_id}", { params: { path: { task_id: id }, query: { version } }, signal })),
  });
}

/** The rollouts that a query asks for, in its order, page after page. */
export function useRollouts(where: RolloutQuery) {
  return useInfiniteQuery({
    queryKey: ["rollouts", where],
    queryFn: ({ pageParam, signal }) =>
      answer(
        client.GET("/api/rollouts", {
          params: { query: { ...where, limit: ROLLOUTS_A_PAGE, after: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (previous) => previous,
  });
}

export function useRollout(id: string, { enabled = true } = {}) {
  return useQuery({ ...rolloutOptions(id), enabled: enabled && id !== "" });
}

/** Several rollouts, in the order of their ids here. */
export function useRolloutsById(ids: readonly string[]) {
  return useQueries({ queries: ids.map(rolloutOptions) });
}

const rolloutOptions = (id: string) =>
  queryOptions({ queryKey: ["rollout", id], queryFn: ({ signal }) => readRollout(id, signal) });

/** What stands before and after a rollout in a list. */
export function useNeighbours(id: string, list: RolloutQuery) {
  return useQuery({
    queryKey: ["rollouts", "neighbours", id, list],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/rollouts/{rollout_id}/neighbours", {
          params: { path: { rollout_id: id }, query: list },
          signal,
        }),
      ),
  });
}

function readRollout(id: string, signal?: AbortSignal): Promise<RolloutDetail> {
  return answer(client.GET("/api/rollouts/{rollout_id}", { params: { path: { rollout_id: id } }, signal }));
}

/** The steps of an attempt of a rollout; asked again with each that is told, and once more when it has ended. */
export function useSteps(recording: Recording) {
  return useQuery({
    ...stepsOptions(recording),
    placeholderData: (previous) => (previous?.attempt === recording.attempt ? previous : undefined),
  });
}

/** The same of several rollouts, in their order here. */
export function useStepsOfAll(recordings: readonly Recording[]) {
  return useQueries({ queries: recordings.map(stepsOptions) });
}

const stepsOptions = ({ rolloutId, attempt, live, steps }: Recording) =>
  queryOptions({
    queryKey: ["steps", rolloutId, attempt, live ? "live" : steps],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/rollouts/{rollout_id}/steps", {
          params: { path: { rollout_id: rolloutId }, query: { attempt } },
          signal,
        }),
      ),
  });

/** The newest step of a running rollout; asked again with each that is told. */
export function useNewestStep({ id, attempt }: Pick<RolloutDetail, "id" | "attempt">) {
  return useQuery({
    queryKey: ["steps", id, attempt, "newest"],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/rollouts/{rollout_id}/steps", {
          params: { path: { rollout_id: id }, query: { newest: 1 } },
          signal,
        }),
      ),
    placeholderData: (previous) => previous,
  });
}

/** All attempts of a rollout; the earlier ones never change, so that they are asked for once an attempt. */
export function useAttempts(rollout: Pick<RolloutDetail, "id" | "attempt" | "status">) {
  return useQuery({
    queryKey: ["attempts", rollout.id, rollout.attempt, isLive(rollout.status)],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/rollouts/{rollout_id}/attempts", { params: { path: { rollout_id: rollout.id } }, signal }),
      ),
    enabled: rollout.attempt > 1,
    placeholderData: (previous) => previous,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What was written in an attempt; it is kept when the attempt has ended. */
export function useLogs({ rolloutId, attempt, live }: Recording) {
  return useQuery({
    queryKey: ["logs", rolloutId, attempt, live],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/rollouts/{rollout_id}/logs", {
          params: { path: { rollout_id: rolloutId }, query: { attempt } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useAgents() {
  return useQuery({
    queryKey: ["agents"],
    queryFn: ({ signal }) => answer(client.GET("/api/agents", { signal })),
    staleTime: 60_000,
  });
}

const CHANGED_BY_DELETION = ["tasks", "task", "rollouts", "batches", "health"];
const CHANGED_BY_ROLLOUTS = [...CHANGED_BY_DELETION, "rollout", "attempts", "batch"];

/** Everything that starting, ending or deleting rollouts changes on the pages. */
export function useRefreshCounts() {
  return useInvalidate(CHANGED_BY_ROLLOUTS);
}

/** The same for a deletion: what was deleted is not asked for again. */
export function useRefreshAfterDeletion() {
  return useInvalidate(CHANGED_BY_DELETION);
}

function useInvalidate(keys: readonly string[]) {
  const queries = useQueryClient();
  return () => Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: [key] })));
}

/** What an upload of a file would do; nothing of it is done. */
export function previewUpload(file: File, signal: AbortSignal) {
  return answer(client.POST("/api/tasks/upload/preview", { ...asForm(file), signal }));
}

// The document types a binary field as a string; what is sent is the form itself.
function asForm(file: File) {
  const form = new FormData();
  form.append("file", file);
  return { body: { file: file.name }, bodySerializer: () => form };
}

export function useUploadTasks() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (file: File) => answer(client.POST("/api/tasks/upload", asForm(file))),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["tasks"] }),
        queries.invalidateQueries({ queryKey: ["task"] }),
      ]),
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

/** Queues a failed rollout once more; its attempts are kept. */
export function useRetryRollout() {
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: (id: string) =>
      answer(client.POST("/api/rollouts/{rollout_id}/retry", { params: { path: { rollout_id: id } } })),
    onSuccess: refresh,
  });
}

/** Deletes a rollout that has ended, with its files. */
export function useDeleteRollout() {
  const refresh = useRefreshAfterDeletion();
  return useMutation({
    mutationFn: (id: string) =>
      answer(client.DELETE("/api/rollouts/{rollout_id}", { params: { path: { rollout_id: id } } })),
    onSuccess: () => void refresh(),
  });
}
