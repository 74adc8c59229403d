"use client";

import { CopyButton, UnstyledButton } from "@mantine/core";
import type { RolloutDetail, Step } from "@/api/types";
import { CodeBlock } from "@/components/Json";
import { prettyJson } from "@/lib/text";
import classes from "./RawPane.module.css";

/** The step and the rollout as the API gives them. */
export function RawPane({ rollout, step }: { rollout: RolloutDetail; step: Step | undefined }) {
  return (
    <div className={classes.raw}>
      {step !== undefined && <Raw title={`Step ${step.index + 1}`} value={step} />}
      <Raw title="Rollout" value={rollout} />
    </div>
  );
}

function Raw({ title, value }: { title: string; value: unknown }) {
  const text = prettyJson(value);
  return (
    <section aria-label={`${title}, raw`}>
      <div className={classes.head}>
        <h3 className={classes.title}>{title}</h3>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <UnstyledButton className={classes.copy} onClick={copy} aria-live="polite">
              {copied ? "Copied" : "Copy"}
            </UnstyledButton>
          )}
        </CopyButton>
      </div>
      <CodeBlock text={text} label={`JSON: ${title}`} />
    </section>
  );
}
