"use client";

import { useTask } from "@/api/queries";
import type { Rollout } from "@/api/types";
import { CodeBlock } from "@/components/Json";
import { Panel } from "@/components/Panel";
import { Instruction } from "@/features/tasks/Instruction";
import { ErrorList } from "./ErrorList";
import { Replay } from "./Replay";
import { Result } from "./Result";
import classes from "./RolloutDetails.module.css";
import { RolloutHeader } from "./RolloutHeader";
import { TimingStrip } from "./TimingStrip";

export function RolloutDetails({ rollout }: { rollout: Rollout }) {
  return (
    <>
      <RolloutHeader rollout={rollout} />
      {rollout.errors.length > 0 && <ErrorList errors={rollout.errors} />}
      <Replay rollout={rollout} />
      <div className={classes.columns}>
        {rollout.verdict !== null && <Result verdict={rollout.verdict} expected={rollout.expected} />}
        <div className={classes.side}>
          <TaskPanel rollout={rollout} />
          {rollout.answer_text?.trim() && (
            <Panel title="Answer, as the agent gave it">
              <CodeBlock text={rollout.answer_text} label="The agent's raw answer" />
            </Panel>
          )}
          {rollout.timings.length > 0 && <TimingStrip timings={rollout.timings} />}
        </div>
      </div>
    </>
  );
}

/** The instruction as this rollout was given it. */
function TaskPanel({ rollout }: { rollout: Rollout }) {
  const { data } = useTask(rollout.task_id, rollout.task_version);
  if (data === undefined) return null;
  return (
    <Panel title="Instruction">
      <Instruction text={data.task.task} />
    </Panel>
  );
}
