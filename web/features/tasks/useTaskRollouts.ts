"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answer, client } from "@/api/client";
import type { Rollout } from "@/api/types";
import { MOST_IN_GRID } from "./grid";

const A_PAGE = 200;

/** The newest rollouts of a task, or of one version of it; asked again when something happened to one. */
export function useTaskRollouts(taskId: string, version?: string) {
  return useQuery({
    queryKey: ["rollouts", "of task", taskId, version],
    queryFn: async ({ signal }) => {
      const found: Rollout[] = [];
      let after: string | null | undefined;
      do {
        const query = { task_id: taskId, task_version: version, limit: A_PAGE, after };
        const page = await answer(client.GET("/api/rollouts", { params: { query }, signal }));
        found.push(...page.rollouts);
        after = page.next;
      } while (after !== null && found.length < MOST_IN_GRID);
      return found;
    },
    placeholderData: keepPreviousData,
  });
}

/** pass@k of each agent and model at a task, over all its versions. */
export function usePassCurves(taskId: string) {
  return useQuery({
    queryKey: ["rollouts", "pass@k", taskId],
    queryFn: async ({ signal }) => {
      const query = { task_id: taskId };
      return (await answer(client.GET("/api/analytics/pass-at-k", { params: { query }, signal }))).curves;
    },
    placeholderData: keepPreviousData,
  });
}
