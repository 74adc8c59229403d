import { CloseButton, Loader } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import classes from "./JobNote.module.css";
import type { Job } from "./useJob";

/** How far a job is, or what came of it. */
export function JobNote({ job, onDismiss }: { job: Job; onDismiss: () => void }) {
  const running = job.ended === null;
  const far = job.total === null ? job.done.toLocaleString("en-US") : `${job.done} of ${job.total}`;
  return (
    <div className={classes.note} data-tone={job.failed ? "failed" : undefined} role={job.failed ? "alert" : "status"}>
      {running ? <Loader size={15} /> : job.failed ? <IconAlertTriangle size={16} /> : <IconCircleCheck size={16} />}
      <span className={classes.text}>{running ? `${job.name}: ${far}` : job.ended}</span>
      {running && job.total !== null && (
        <progress className={classes.bar} value={job.done} max={job.total} aria-label={job.name} />
      )}
      <CloseButton size="sm" aria-label={running ? "Stop" : "Dismiss"} onClick={onDismiss} />
    </div>
  );
}
