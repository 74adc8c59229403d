import type { Step } from "@/api/types";
import { LongText } from "@/components/LongText";
import { formatDuration } from "@/lib/format";
import { followableUrl, shorten } from "@/lib/text";
import { ActionLines } from "./ActionLines";
import classes from "./StepDescription.module.css";

/** The highlighted step, whole: what was done, what the agent said, where, and how long it took. */
export function StepDescription({ step }: { step: Step }) {
  return (
    <div className={classes.description}>
      <div>
        <ActionLines results={step.actions} />
      </div>
      {step.notice && (
        <p className={classes.notice}>
          <LongText text={step.notice} />
        </p>
      )}
      {step.message && (
        <p className={classes.message}>
          <LongText text={step.message} />
        </p>
      )}
      <p className={classes.facts}>
        <span className={classes.url} title={followableUrl(step.url) ?? undefined}>
          <bdi>{shorten(step.url, 500)}</bdi>
        </span>
        <span>waited {formatDuration(step.wait_seconds)}</span>
        <span>thought {formatDuration(step.agent_seconds)}</span>
        <span>acted {formatDuration(step.action_seconds)}</span>
      </p>
    </div>
  );
}
