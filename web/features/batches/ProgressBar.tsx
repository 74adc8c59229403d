import type { BatchCounts } from "@/api/types";
import { progressInWords, segmentsOf } from "./batch";
import classes from "./ProgressBar.module.css";

/** How far a batch is, in the colours of the outcomes; what is empty of it still waits. */
export function ProgressBar({ counts, large = false }: { counts: BatchCounts; large?: boolean }) {
  const words = progressInWords(counts);
  return (
    <div
      role="progressbar"
      aria-label={words}
      aria-valuemin={0}
      aria-valuemax={counts.total}
      aria-valuenow={counts.total - counts.live}
      title={words}
      className={classes.bar}
      data-large={large || undefined}
    >
      {segmentsOf(counts).map(({ part, count }) => (
        <span key={part} className={classes.part} data-part={part} style={{ flexGrow: count }} />
      ))}
      <span className={classes.rest} style={{ flexGrow: counts.live - counts.claimed }} />
    </div>
  );
}
