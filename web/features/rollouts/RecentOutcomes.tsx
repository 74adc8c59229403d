import type { TaskSummary } from "@/api/types";
import { outcomeOf } from "./outcome";
import classes from "./RecentOutcomes.module.css";

/** How the newest rollouts ended: a mark each, newest last, as time runs. */
export function RecentOutcomes({ recent }: { recent: TaskSummary["recent"] }) {
  if (recent.length === 0) return null;
  const outcomes = recent
    .map((ended) => ({ id: ended.id, ...outcomeOf({ ...ended, cancel_requested: false }) }))
    .reverse();
  const words = `The last ${outcomes.length}: ${outcomes.map(({ label }) => label.toLowerCase()).join(", ")}`;
  return (
    <span className={classes.strip} role="img" aria-label={words} title={words}>
      {outcomes.map(({ id, tone }) => (
        <span key={id} data-tone={tone} />
      ))}
    </span>
  );
}
