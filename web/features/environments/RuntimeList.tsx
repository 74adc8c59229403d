"use client";

import { IconAlertTriangle, IconBan, IconCheck } from "@tabler/icons-react";
import { useRuntimes } from "@/api/environments";
import type { Runtime } from "@/api/types";
import classes from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import type { Tone } from "@/features/rollouts/outcome";
import { ToneBadge } from "@/features/rollouts/ToneBadge";
import { formatBytes } from "@/lib/format";

/** Where environments run, whether that is there, and recipe files that cannot be used. */
export function RuntimeList() {
  const query = useRuntimes();
  return (
    <Section title="Runtimes and recipes" query={query}>
      {({ runtimes, broken_recipes }) => (
        <ul className={classes.rows} aria-label="Runtimes and recipe files">
          {runtimes.map((runtime) => (
            <li key={runtime.name} className={classes.row}>
              <RuntimeBadge state={runtime.state} />
              <span className={classes.name}>{runtime.title}</span>
              <span className={classes.grow}>{runtime.found}</span>
              <span className={classes.faint}>
                {runtime.memory_bytes !== null && `${formatBytes(runtime.memory_bytes)} of memory · `}
                {runtime.environments.length === 0 ? "no environment" : runtime.environments.join(", ")}
              </span>
              {runtime.todo !== null && <span className={classes.todo}>{runtime.todo}</span>}
            </li>
          ))}
          {broken_recipes.map(({ file, error, todo }) => (
            <li key={file} className={classes.row}>
              <ToneBadge
                tone="failed"
                label="Unusable"
                meaning="there is no environment of this file"
                icon={<IconAlertTriangle {...ICON} />}
              />
              <span className={classes.name}>{file}</span>
              <span className={classes.grow}>{error}</span>
              <code className={classes.todo}>{todo}</code>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

const ICON = { size: 13, stroke: 2.4, "aria-hidden": true } as const;

const STATES: Record<Runtime["state"], { label: string; tone: Tone; meaning: string; icon: React.ReactNode }> = {
  ready: { label: "Ready", tone: "success", meaning: "environments run here", icon: <IconCheck {...ICON} /> },
  away: {
    label: "Away",
    tone: "failed",
    meaning: "its environments cannot run until it is back",
    icon: <IconAlertTriangle {...ICON} />,
  },
  unused: { label: "Not needed", tone: "cancelled", meaning: "no environment runs in it", icon: <IconBan {...ICON} /> },
};

function RuntimeBadge({ state }: { state: Runtime["state"] }) {
  return <ToneBadge {...STATES[state]} />;
}
