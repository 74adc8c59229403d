"use client";

import { useDocumentTitle } from "@mantine/hooks";
import { Page } from "@/features/shell/Page";
import { Quotas } from "./Quotas";
import { WorkerList } from "./WorkerList";
import classes from "./WorkersScreen.module.css";

/** Who executes rollouts, why one of them may claim nothing, and the limits that all of them keep. */
export function WorkersScreen() {
  useDocumentTitle("Workers · Rolldeck");
  return (
    <Page title="Workers">
      <WorkerList />
      <h2 id="quotas" className={classes.subtitle}>
        Quotas
      </h2>
      <Quotas />
    </Page>
  );
}
