"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createBatch } from "@/api/batches";
import { useRefreshCounts } from "@/api/queries";
import type { BatchRequest } from "@/api/types";
import { IdempotencyKeys } from "@/lib/idempotency";

/** Starts batches, of several identical requests in a moment (a double click) one. */
export function useStartBatch() {
  const [keys] = useState(() => new IdempotencyKeys());
  const refresh = useRefreshCounts();
  return useMutation({
    mutationFn: (request: BatchRequest) => createBatch(request, keys.keyFor(request)),
    onSuccess: () => {
      keys.succeeded();
      void refresh();
    },
  });
}
