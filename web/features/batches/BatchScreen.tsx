"use client";

import { Button, Skeleton } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { useBatch } from "@/api/batches";
import { isMissing } from "@/api/problem";
import type { BatchDeleted } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { Page } from "@/features/shell/Page";
import { BatchDetails } from "./BatchDetails";
import { batchTitle, removedInWords } from "./batch";

/** The page of one batch: `?id=…`. */
export function BatchScreen() {
  const [id] = useQueryState("id", parseAsString.withDefault(""));
  const [deleted, setDeleted] = useState<BatchDeleted | null>(null);
  const gone = deleted?.id === id;
  const { data: batch, error, refetch } = useBatch(id, { enabled: !gone });
  useDocumentTitle(batch ? `${batchTitle(batch)} · Rolldeck` : "Batch · Rolldeck");
  return (
    <Page>
      {gone ? (
        <EmptyState title="The batch was deleted" detail={removedInWords(deleted)}>
          <ToBatches />
        </EmptyState>
      ) : batch !== undefined ? (
        <BatchDetails key={id} batch={batch} onDeleted={setDeleted} />
      ) : isMissing(error) || id === "" ? (
        <EmptyState title="There is no such batch" detail="It may have been deleted.">
          <ToBatches />
        </EmptyState>
      ) : error !== null ? (
        <FailureNote title="The batch could not be loaded" error={error} onRetry={() => refetch()} />
      ) : (
        <Skeleton height={320} role="status" aria-label="Loading the batch" />
      )}
    </Page>
  );
}

function ToBatches() {
  return (
    <Button component={Link} href="/batches/" variant="default">
      Go to the batches
    </Button>
  );
}
