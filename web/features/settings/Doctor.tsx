"use client";

import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconRefresh, IconX } from "@tabler/icons-react";
import { useDiagnoseAgain, useDiagnosis } from "@/api/installation";
import { failureOf } from "@/api/problem";
import type { Finding } from "@/api/types";
import rows from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import { Time } from "@/components/Time";
import type { Tone } from "@/features/rollouts/outcome";
import { ToneBadge } from "@/features/rollouts/ToneBadge";
import { byUrgency } from "./findings";

/** What `rolldeck doctor` finds on the server's machine: what is missing first. */
export function Doctor() {
  const query = useDiagnosis();
  const again = useDiagnoseAgain();
  return (
    <Section
      title="This machine"
      about="What rolldeck doctor finds where the server runs. It is looked at by a process of its own, which takes some seconds."
      aside={
        <Button
          variant="default"
          leftSection={<IconRefresh size={14} />}
          loading={again.isPending}
          onClick={() => again.mutate()}
        >
          Look again
        </Button>
      }
      query={query}
    >
      {({ findings, at }) => (
        <>
          <ul className={rows.rows} aria-label="Findings">
            {byUrgency(findings).map((finding) => (
              <li key={`${finding.name} ${finding.found}`} className={rows.row}>
                <FindingBadge state={finding.state} />
                <span className={rows.name}>{finding.name}</span>
                <span className={rows.grow}>{finding.found}</span>
                {finding.todo !== null && finding.todo !== undefined && (
                  <span className={rows.todo}>{finding.todo}</span>
                )}
              </li>
            ))}
          </ul>
          <p className={rows.faint}>
            looked at <Time iso={at} />
          </p>
          {again.error !== null && (
            <p role="alert" className={rows.todo}>
              {failureOf(again.error).detail}
            </p>
          )}
        </>
      )}
    </Section>
  );
}

const ICON = { size: 13, stroke: 2.4, "aria-hidden": true } as const;

const STATES: Record<Finding["state"], { label: string; tone: Tone; meaning: string; icon: React.ReactNode }> = {
  ok: { label: "OK", tone: "success", meaning: "as it should be", icon: <IconCheck {...ICON} /> },
  warn: {
    label: "Look at it",
    tone: "wrong",
    meaning: "works, but not as well as it could",
    icon: <IconAlertTriangle {...ICON} />,
  },
  missing: { label: "Missing", tone: "failed", meaning: "something that is needed", icon: <IconX {...ICON} /> },
};

function FindingBadge({ state }: { state: Finding["state"] }) {
  return <ToneBadge {...STATES[state]} />;
}
