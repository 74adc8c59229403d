"use client";

import { parseAsInteger, useQueryState } from "nuqs";
import { useAttempts, useTask } from "@/api/queries";
import type { DeleteResult, Rollout, RolloutDetail } from "@/api/types";
import { CodeBlock } from "@/components/Json";
import { Panel } from "@/components/Panel";
import { Instruction } from "@/features/tasks/Instruction";
import { AttemptStrip } from "./AttemptStrip";
import { earlierAttempt, recordingOf } from "./attempt";
import { ErrorList } from "./ErrorList";
import { ExecutionPanel } from "./ExecutionPanel";
import { Replay } from "./Replay";
import { Result } from "./Result";
import { ReusedNote } from "./ReusedNote";
import classes from "./RolloutDetails.module.css";
import { RolloutHeader } from "./RolloutHeader";
import { TimingStrip } from "./TimingStrip";

type Props = { rollout: RolloutDetail; onDeleted: (result: DeleteResult) => void };

/** A rollout: its present attempt or, with `?attempt=N`, an earlier one as far as it got. */
export function RolloutDetails({ rollout, onDeleted }: Props) {
  const [number] = useQueryState("attempt", parseAsInteger);
  const attempts = useAttempts(rollout);
  const earlier = earlierAttempt(attempts.data?.attempts ?? [], number);
  const { errors, timings } = earlier ?? rollout;
  const recording = recordingOf(rollout.origin ?? rollout, earlier);
  const answered = earlier === null;
  return (
    <>
      <RolloutHeader rollout={rollout} onDeleted={onDeleted} />
      <ReusedNote rollout={rollout} />
      <AttemptStrip rollout={rollout} query={attempts} shown={earlier} />
      {errors.length > 0 && <ErrorList errors={errors} />}
      <Replay key={`${recording.rolloutId} ${recording.attempt}`} recording={recording} />
      <div className={classes.columns}>
        {answered && rollout.verdict !== null && <Result verdict={rollout.verdict} expected={rollout.expected} />}
        <div className={classes.side}>
          <TaskPanel rollout={rollout} />
          {answered && <AnswerPanel rollout={rollout} />}
          {timings.length > 0 && <TimingStrip timings={timings} />}
          <ExecutionPanel rollout={rollout} earlier={earlier} />
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

function AnswerPanel({ rollout }: { rollout: Rollout }) {
  if (!rollout.answer_text?.trim()) return null;
  return (
    <Panel title="Answer, as the agent gave it">
      <CodeBlock text={rollout.answer_text} label="The agent's raw answer" />
    </Panel>
  );
}
