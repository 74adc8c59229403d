"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, client } from "./client";

/** The environments that tasks can name, with their templates and the newest build of each. */
export function useEnvironments() {
  return useQuery({
    queryKey: ["environments"],
    queryFn: ({ signal }) => answer(client.GET("/api/environments", { signal })),
  });
}

/** Where environments run, and the recipe files that cannot be used. */
export function useRuntimes() {
  return useQuery({
    queryKey: ["runtimes"],
    queryFn: ({ signal }) => answer(client.GET("/api/runtimes", { signal })),
  });
}

/** The environments that rollouts have now. */
export function useOccupied() {
  return useQuery({
    queryKey: ["occupied"],
    queryFn: ({ signal }) => answer(client.GET("/api/environments/occupied", { signal })),
  });
}

/** What is kept of templates that no recipe needs any more. */
export function useSuperfluous() {
  return useQuery({
    queryKey: ["superfluous"],
    queryFn: ({ signal }) => answer(client.GET("/api/environments/superfluous", { signal })),
  });
}

/** The newest build of an environment with the end of its log. */
export function useBuild(name: string) {
  return useQuery({
    queryKey: ["build", name],
    queryFn: ({ signal }) =>
      answer(client.GET("/api/environments/{name}/build", { params: { path: { name } }, signal })),
  });
}

export function useStartBuild(name: string) {
  const refresh = useRefreshBuild(name);
  return useMutation({
    mutationFn: () => answer(client.POST("/api/environments/{name}/build", { params: { path: { name } } })),
    onSuccess: refresh,
  });
}

/** Ends a build; what it has finished is kept for the next one. */
export function useCancelBuild(name: string) {
  const refresh = useRefreshBuild(name);
  return useMutation({
    mutationFn: () => answer(client.POST("/api/environments/{name}/build/cancel", { params: { path: { name } } })),
    onSettled: refresh,
  });
}

/** Removes what is kept of templates of before; what is in use by then stays. */
export function usePrune() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (what: string[]) => answer(client.POST("/api/environments/prune", { body: { what } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["superfluous"] }),
  });
}

function useRefreshBuild(name: string) {
  const queries = useQueryClient();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ["environments"] }),
      queries.invalidateQueries({ queryKey: ["build", name] }),
    ]);
}
