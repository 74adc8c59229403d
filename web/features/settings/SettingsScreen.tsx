"use client";

import { useDocumentTitle } from "@mantine/hooks";
import Link from "next/link";
import { Panel } from "@/components/Panel";
import { Page } from "@/features/shell/Page";
import { Preferences } from "@/features/shell/Preferences";
import { AgentList } from "./AgentList";
import { Doctor } from "./Doctor";
import { ModelList } from "./ModelList";
import { SettingGroups } from "./SettingGroups";
import classes from "./SettingsScreen.module.css";

const PARTS = [
  { id: "preferences", name: "Preferences" },
  { id: "doctor", name: "This machine" },
  { id: "agents", name: "Agents" },
  { id: "models", name: "Models" },
  { id: "settings", name: "Server settings" },
] as const;

/** What this browser prefers, what the server runs with, and whether it has all that it needs. */
export function SettingsScreen() {
  useDocumentTitle("Settings · Rolldeck");
  return (
    <Page
      title="Settings"
      aside={
        <nav aria-label="Parts of this page" className={classes.parts}>
          {PARTS.map(({ id, name }) => (
            <a key={id} href={`#${id}`}>
              {name}
            </a>
          ))}
          <Link href="/workers/#quotas">Quotas</Link>
        </nav>
      }
    >
      <div id="preferences" className={classes.part}>
        <Panel title="Preferences" aside="kept by this browser">
          <Preferences />
        </Panel>
      </div>
      <div id="doctor" className={classes.part}>
        <Doctor />
      </div>
      <div id="agents" className={classes.part}>
        <AgentList />
      </div>
      <div id="models" className={classes.part}>
        <ModelList />
      </div>
      <div id="settings" className={classes.part}>
        <SettingGroups />
      </div>
    </Page>
  );
}
