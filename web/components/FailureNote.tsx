import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { failureOf } from "@/api/problem";
import classes from "./FailureNote.module.css";

/** An error in the place where data would be. */
export function FailureNote({ title, error, onRetry }: { title: string; error: unknown; onRetry?: () => void }) {
  const failure = failureOf(error);
  return (
    <div role="alert" className={classes.note}>
      <IconAlertTriangle size={18} aria-hidden className={classes.icon} />
      <div className={classes.text}>
        <strong>{title}</strong>
        <p>{failure.detail}</p>
      </div>
      {onRetry && (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
