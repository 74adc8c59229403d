"use client";

import { useDocumentTitle } from "@mantine/hooks";
import { Page } from "@/features/shell/Page";
import { EnvironmentList } from "./EnvironmentList";
import { OccupiedList } from "./OccupiedList";
import { OldTemplates } from "./OldTemplates";
import { RuntimeList } from "./RuntimeList";
import { WarmPool } from "./WarmPool";

/** What rollouts run in: templates and their builds (`?log=NAME`), what is ready and in use, where it runs, and what is left over. */
export function EnvironmentsScreen() {
  useDocumentTitle("Environments · Rolldeck");
  return (
    <Page title="Environments">
      <EnvironmentList />
      <WarmPool />
      <OccupiedList />
      <RuntimeList />
      <OldTemplates />
    </Page>
  );
}
