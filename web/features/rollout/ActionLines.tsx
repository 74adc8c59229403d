import type { ActionResult } from "@/api/types";
import { shorten } from "@/lib/text";
import classes from "./ActionLines.module.css";
import { actionInWords } from "./action";

/** The actions of a step in words, each with why it had no effect, if it had none, and what the page did. Fits into a button. */
export function ActionLines({ results }: { results: readonly ActionResult[] }) {
  if (results.length === 0) return <span className={classes.none}>No action: the agent answered or stopped</span>;
  return results.map(({ action, error, notice }, position) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the actions of a step never change
    <span key={position} className={classes.action}>
      <bdi>{actionInWords(action)}</bdi>
      {error != null && (
        <span className={classes.error}>
          {" "}
          (no effect: <bdi>{shorten(error, 300)}</bdi>)
        </span>
      )}
      {notice != null && <bdi className={classes.notice}> {shorten(notice, 300)}</bdi>}
    </span>
  ));
}
