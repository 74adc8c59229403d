"use client";

import { Button, Skeleton } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useRollouts } from "@/api/queries";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { WatchedRollout } from "@/features/people/WatchedRollout";
import { Page } from "@/features/shell/Page";
import classes from "./LiveScreen.module.css";
import { LiveTile } from "./LiveTile";

/** All running browsers, live. */
export function LiveScreen() {
  useDocumentTitle("Live · Rolldeck");
  return (
    <Page title="Live">
      <Tiles />
      <WatchedRollout />
    </Page>
  );
}

function Tiles() {
  const query = useRollouts({ status: ["provisioning", "running", "verifying"], sort: "oldest" });
  const rollouts = query.data?.pages.flatMap((page) => page.rollouts);
  if (rollouts === undefined) {
    return query.error === null ? (
      <Skeleton height={240} role="status" aria-label="Loading the running rollouts" />
    ) : (
      <FailureNote
        title="The running rollouts could not be loaded"
        error={query.error}
        onRetry={() => query.refetch()}
      />
    );
  }
  if (rollouts.length === 0) {
    return (
      <EmptyState title="Nothing is running" detail="Start rollouts of a task: their browsers appear here." home />
    );
  }
  return (
    <>
      <ul className={classes.tiles} aria-label="Running rollouts">
        {rollouts.map((rollout) => (
          <LiveTile key={rollout.id} rollout={rollout} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}
