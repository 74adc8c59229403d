"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, client } from "./client";

/** The settings that the server runs with. They change only when it is started anew. */
export function useSettings() {
  return useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => answer(client.GET("/api/settings", { signal })),
    staleTime: 60_000,
  });
}

/** What `rolldeck doctor` finds on the server's machine: takes some seconds. */
export function useDiagnosis() {
  return useQuery({
    queryKey: ["diagnosis"],
    queryFn: ({ signal }) => answer(client.GET("/api/diagnosis", { signal })),
    staleTime: 60_000,
    retry: false,
  });
}

/** Looks again now. */
export function useDiagnoseAgain() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answer(client.GET("/api/diagnosis", { params: { query: { fresh: true } } })),
    onSuccess: (found) => queries.setQueryData(["diagnosis"], found),
  });
}

/** The models whose context and prices are known. */
export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => answer(client.GET("/api/models", { signal })),
    staleTime: 60_000,
  });
}
