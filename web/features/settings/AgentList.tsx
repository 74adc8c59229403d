"use client";

import { IconBan, IconCheck } from "@tabler/icons-react";
import { useAgents } from "@/api/queries";
import rows from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import { ToneBadge } from "@/features/rollouts/ToneBadge";

const ICON = { size: 13, stroke: 2.4, "aria-hidden": true } as const;

/** Who can try tasks here, and why others cannot. */
export function AgentList() {
  const query = useAgents();
  return (
    <Section title="Agents" about="Who can try tasks here, and what others lack." query={query}>
      {(agents) => (
        <ul className={rows.rows} aria-label="Agents">
          {agents.map(({ name, title, description, unavailable }) => (
            <li key={name} className={rows.row}>
              {unavailable === null ? (
                <ToneBadge tone="success" label="Available" meaning="can be chosen" icon={<IconCheck {...ICON} />} />
              ) : (
                <ToneBadge
                  tone="cancelled"
                  label="Unavailable"
                  meaning="cannot be chosen here"
                  icon={<IconBan {...ICON} />}
                />
              )}
              <span className={rows.name}>{title}</span>
              <code className={rows.faint}>{name}</code>
              <span className={rows.grow}>{description}</span>
              {unavailable !== null && <span className={rows.todo}>{unavailable}</span>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
