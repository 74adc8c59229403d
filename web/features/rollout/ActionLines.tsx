import type { ActionResult } from "@/api/types";
import classes from "./ActionLines.module.css";
import { actionInWords } from "./action";

/** The actions of a step in words, each with why it had no effect, if it had none, and what the page did. Fits into a button. */
export function ActionLines({ results }: { results: readonly ActionResult[] }) {
  if (results.length === 0) return <span className={classes.none}>No action: the agent answered or stopped</span>;
  return results.map(({ action, error, notice }, position) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the actions of a step never change
    <span key={position} className={classes.action}>
      {actionInWords(action)}
      {error != null && <span className={classes.error}> (no effect: {error})</span>}
      {notice != null && <span className={classes.notice}> {notice}</span>}
    </span>
  ));
}
