"use client";

import { useNewestStep } from "@/api/queries";
import type { Rollout } from "@/api/types";
import { useNow } from "@/components/Time";
import { actionInWords } from "@/features/rollout/action";
import { formatDuration } from "@/lib/format";
import { shorten } from "@/lib/text";
import classes from "./LastAction.module.css";
import { stallWarning } from "./stall";

/** What was done last in a running rollout, and whether nothing happens any more. */
export function LastAction({ rollout }: { rollout: Rollout }) {
  const step = useNewestStep(rollout).data?.steps.at(-1);
  const now = useNow();
  const warning = now === null ? null : stallWarning(rollout, step ?? null, now, formatDuration);
  const action = step?.actions.at(-1)?.action;
  return (
    <span className={classes.last}>
      {step !== undefined && (
        <bdi className={classes.action}>
          {step.source === "human" && "A person: "}
          {action === undefined ? shorten(step.message, 120) || "No action" : shorten(actionInWords(action), 120)}
        </bdi>
      )}
      {warning !== null && <span className={classes.warning}>{warning}</span>}
    </span>
  );
}
