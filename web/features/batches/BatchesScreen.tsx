"use client";

import { SegmentedControl } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { EmptyState } from "@/components/EmptyState";
import { Page } from "@/features/shell/Page";
import { BatchList } from "./BatchList";
import { NewBatchButton } from "./NewBatchButton";

const SHOWN = ["all", "live", "ended"] as const;
type Shown = (typeof SHOWN)[number];

const LIVE: Record<Shown, boolean | undefined> = { all: undefined, live: true, ended: false };

const NONE: Record<Shown, string> = {
  all: "No batch yet",
  live: "No batch goes on",
  ended: "No batch has ended yet",
};

/** All batches: `?show=live|ended`. */
export function BatchesScreen() {
  const [shown, setShown] = useQueryState("show", parseAsStringLiteral(SHOWN).withDefault("all"));
  useDocumentTitle("Batches · Rolldeck");
  return (
    <Page
      title="Batches"
      aside={
        <>
          <SegmentedControl
            size="xs"
            aria-label="Which batches are shown"
            data={[
              { value: "all", label: "All" },
              { value: "live", label: "Live" },
              { value: "ended", label: "Ended" },
            ]}
            value={shown}
            onChange={(value) => setShown(value as Shown)}
          />
          <NewBatchButton />
        </>
      }
    >
      <BatchList
        live={LIVE[shown]}
        empty={
          <EmptyState
            title={NONE[shown]}
            detail="A batch is rollouts that are started together: tasks × agents × repeats. It can be paused, cancelled, and tried again where its infrastructure failed."
          />
        }
      />
    </Page>
  );
}
