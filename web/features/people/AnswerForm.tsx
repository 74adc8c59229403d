"use client";

import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTask } from "@/api/queries";
import type { Rollout } from "@/api/types";
import { Instruction } from "@/features/tasks/Instruction";
import classes from "./AnswerForm.module.css";
import type { Control } from "./useTakeover";

/** The task and the answer to it, for the person who is the agent. */
export function AnswerForm({ rollout, control }: { rollout: Rollout; control: Control }) {
  const { data } = useTask(rollout.task_id, rollout.task_version);
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    control.submit(text);
  };
  return (
    <form className={classes.form} aria-label="Answer" onSubmit={submit}>
      {data !== undefined && <Instruction text={data.task.task} />}
      <label className={classes.label}>
        Your answer
        <textarea
          className={classes.text}
          rows={3}
          maxLength={100_000}
          disabled={!control.canAct || control.answered}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div className={classes.end}>
        <Button type="submit" disabled={!control.canAct || control.answered || text.trim() === ""}>
          Submit answer
        </Button>
        <span role="status">
          {control.answered
            ? "Submitted: it is verified now."
            : "This ends the rollout's acting; JSON, or what the task asks for."}
        </span>
      </div>
    </form>
  );
}
