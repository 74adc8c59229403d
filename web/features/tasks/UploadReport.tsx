import { CloseButton } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconLoader2 } from "@tabler/icons-react";
import { failureOf } from "@/api/problem";
import type { UploadResult } from "@/api/types";
import { ProblemList } from "@/components/ProblemList";
import { formatCount } from "@/lib/format";
import classes from "./UploadReport.module.css";

/** An upload, as far as it got. */
export type Upload = { fileName: string; result?: UploadResult; error?: unknown };

/** What an upload did, or every reason why it did nothing; stays until it is dismissed. */
export function UploadReport({ upload, onDismiss }: { upload: Upload; onDismiss: () => void }) {
  if (upload.result !== undefined) {
    return (
      <section className={classes.report} data-tone="success" role="status">
        <IconCircleCheck size={18} aria-hidden className={classes.icon} />
        <p className={classes.text}>
          <strong className={classes.file}>{upload.fileName}</strong>: {resultInWords(upload.result)}
        </p>
        <CloseButton size="sm" aria-label="Dismiss" onClick={onDismiss} />
      </section>
    );
  }
  if (upload.error === undefined) {
    return (
      <section className={classes.report} role="status">
        <IconLoader2 size={18} aria-hidden className={classes.turning} />
        <p className={classes.text}>
          Uploading <strong className={classes.file}>{upload.fileName}</strong> …
        </p>
      </section>
    );
  }
  const failure = failureOf(upload.error);
  return (
    <section className={classes.report} data-tone="failed" role="alert">
      <IconAlertTriangle size={18} aria-hidden className={classes.icon} />
      <div className={classes.text}>
        <p>
          <strong className={classes.file}>{upload.fileName}</strong> was not accepted; nothing was changed.
          {failure.errors.length > 0 && ` ${formatCount(failure.errors.length, "problem")}:`}
        </p>
        {failure.errors.length === 0 && <p className={classes.detail}>{failure.detail}</p>}
        <ProblemList problems={failure.errors} label="Problems of the uploaded file" />
      </div>
      <CloseButton size="sm" aria-label="Dismiss" onClick={onDismiss} />
    </section>
  );
}

function resultInWords({ added, changed, unchanged, total }: UploadResult): string {
  return `${formatCount(total, "task")}: ${added} added, ${changed} changed, ${unchanged} unchanged.`;
}
