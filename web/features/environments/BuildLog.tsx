"use client";

import { Skeleton } from "@mantine/core";
import { useEffect } from "react";
import { useBuild } from "@/api/environments";
import { FailureNote } from "@/components/FailureNote";
import { CodeBlock } from "@/components/Json";
import { useStream } from "@/features/shell/StreamProvider";

/** What the newest build of an environment wrote last; while it runs, what it writes. */
export function BuildLog({ name, running }: { name: string; running: boolean }) {
  const query = useBuild(name);
  const stream = useStream();
  const { refetch } = query;
  // Lines are no events: they are asked for again as long as there may be more of them.
  useEffect(() => (running ? stream?.onTick(() => void refetch()) : undefined), [stream, running, refetch]);
  if (query.data === undefined) {
    return query.error === null ? (
      <Skeleton height={70} role="status" aria-label="Loading the log" />
    ) : (
      <FailureNote title="The log could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  const { lines } = query.data;
  return (
    <CodeBlock label={`Log of the build of ${name}`} text={lines.length > 0 ? lines.join("\n") : "(nothing yet)"} />
  );
}
