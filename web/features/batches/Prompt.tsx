"use client";

import { Button, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useId } from "react";
import classes from "./BatchForm.module.css";
import { promptFor } from "./parameters";

type Props = {
  label: string;
  usual: string;
  value: unknown;
  task: string | undefined;
  error: string | null;
  /** With undefined it is the usual one again. */
  onChange: (template: string | undefined) => void;
};

/** What the model is told first; the preview shows it to the letter, with a task in it. */
export function Prompt({ label, usual, value, task, error, onChange }: Props) {
  const [previewed, { toggle }] = useDisclosure(false);
  const preview = useId();
  const template = typeof value === "string" ? value : usual;
  const nameless = template.includes("{task}") ? null : "must contain {task}, which stands for the task";
  return (
    <div className={classes.prompt}>
      <Textarea
        size="xs"
        label={label}
        description="what the model is told first; {task} is the task"
        rows={9}
        resize="vertical"
        maxLength={20_000}
        value={template}
        error={error ?? nameless}
        onChange={(event) => {
          const text = event.currentTarget.value;
          onChange(text === usual ? undefined : text);
        }}
      />
      <div className={classes.promptActions}>
        <Button variant="subtle" onClick={toggle} aria-expanded={previewed} aria-controls={preview}>
          {previewed ? "Hide the preview" : "Preview"}
        </Button>
        {template !== usual && (
          <Button variant="subtle" color="gray" onClick={() => onChange(undefined)}>
            The usual one
          </Button>
        )}
      </div>
      <section id={preview} hidden={!previewed} aria-label="What the model is told">
        <pre className={classes.preview}>{promptFor(template, task ?? "(the task)")}</pre>
        <p className={classes.hint}>
          An environment that the agent has to log in to itself adds how to; the first step of each rollout keeps what
          was said.
        </p>
      </section>
    </div>
  );
}
