"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { answer, client } from "@/api/client";
import { useRefreshCounts } from "@/api/queries";
import type { Rollout } from "@/api/types";
import { IdempotencyKeys } from "@/lib/idempotency";

/** Starts a rollout like another one: of the same task, by the same agent, in the limits of that one's batch. */
export function useRerun() {
  const [keys] = useState(() => new IdempotencyKeys());
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: async (rollout: Rollout): Promise<Rollout> => {
      const request = await requestLike(rollout);
      const params = { header: { "idempotency-key": keys.keyFor(request) } };
      const made = await answer(client.POST("/api/rollouts", { body: request, params }));
      const started = made.rollouts[0];
      if (started === undefined) throw new Error("The server started no rollout.");
      return started;
    },
    onSuccess: () => {
      keys.succeeded();
      void refresh();
    },
  });
}

async function requestLike({ task_id, agent, model, parameters, seed, batch_id }: Rollout) {
  const path = { batch_id };
  const { limits, max_attempts } = await answer(client.GET("/api/batches/{batch_id}", { params: { path } }));
  return { task_ids: [task_id], agent, model, parameters, seed, repeats: 1, limits, max_attempts, reuse: false };
}
