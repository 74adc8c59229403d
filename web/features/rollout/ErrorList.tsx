import type { RolloutError } from "@/api/types";
import { LongText } from "@/components/LongText";
import classes from "./ErrorList.module.css";

/** Every error of a rollout, in the order in which they happened: the first one decided its status. */
export function ErrorList({ errors }: { errors: readonly RolloutError[] }) {
  return (
    <ul className={classes.list} aria-label="Errors">
      {errors.map((error, position) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: errors are only ever added at the end
        <li key={position} className={classes.error}>
          <span className={classes.phase}>{error.phase}</span>
          <span className={classes.kind}>{error.kind}</span>
          <span className={classes.message}>
            <LongText text={error.message} />
          </span>
          {error.retryable && <span className={classes.retryable}>may go away when tried again</span>}
        </li>
      ))}
    </ul>
  );
}
