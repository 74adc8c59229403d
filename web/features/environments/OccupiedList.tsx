"use client";

import Link from "next/link";
import { useOccupied } from "@/api/environments";
import type { Occupied } from "@/api/types";
import classes from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import { useSecondsSince } from "@/components/Time";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { formatCount, formatDuration } from "@/lib/format";

/** The environments that rollouts have now, each with its rollout. */
export function OccupiedList() {
  const query = useOccupied();
  const count = query.data?.occupied.length ?? 0;
  return (
    <Section
      title="In use"
      aside={count > 0 && <span className={classes.faint}>{formatCount(count, "environment")}</span>}
      query={query}
    >
      {({ occupied }) =>
        occupied.length === 0 ? (
          <p className={classes.empty}>No rollout has an environment now.</p>
        ) : (
          <ul className={classes.rows} aria-label="Environments in use">
            {occupied.map((each) => (
              <li key={each.rollout_id}>
                <OccupiedRow occupied={each} />
              </li>
            ))}
          </ul>
        )
      }
    </Section>
  );
}

function OccupiedRow({ occupied }: { occupied: Occupied }) {
  const { rollout_id, environment, task_id, agent, model, status, worker_id, since } = occupied;
  const seconds = useSecondsSince(since);
  return (
    <Link href={`/rollout/?id=${encodeURIComponent(rollout_id)}`} className={classes.row} prefetch={false}>
      <OutcomeBadge rollout={{ status, success: null, cancel_requested: false }} />
      <span className={classes.name}>{environment}</span>
      <span className={classes.grow}>
        {task_id} · {agent}
        {model !== null && ` · ${model}`}
      </span>
      <span className={classes.faint}>
        {seconds !== null && `for ${formatDuration(seconds)}, `}worker <code>{worker_id.slice(0, 8)}</code>
      </span>
    </Link>
  );
}
