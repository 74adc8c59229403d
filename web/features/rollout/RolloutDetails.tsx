"use client";

import { Skeleton } from "@mantine/core";
import dynamic from "next/dynamic";
import { parseAsInteger, useQueryState } from "nuqs";
import { useAttempts, useTask } from "@/api/queries";
import type { DeleteResult, Rollout, RolloutDetail } from "@/api/types";
import { Panel } from "@/components/Panel";
import { PeopleBar } from "@/features/people/PeopleBar";
import { Instruction } from "@/features/tasks/Instruction";
import { AccountingPanel } from "./AccountingPanel";
import { AttemptStrip } from "./AttemptStrip";
import { earlierAttempt, recordingOf } from "./attempt";
import { ErrorList } from "./ErrorList";
import { ExecutionPanel } from "./ExecutionPanel";
import { Replay } from "./Replay";
import { ReusedNote } from "./ReusedNote";
import classes from "./RolloutDetails.module.css";
import { RolloutHeader } from "./RolloutHeader";
import { TimingStrip } from "./TimingStrip";

const Inspector = dynamic(() => import("@/features/inspector/Inspector"), {
  ssr: false,
  loading: () => <Skeleton height={360} role="status" aria-label="Loading what is known of the moment" />,
});

type Props = { rollout: RolloutDetail; onDeleted: (result: DeleteResult) => void };

/** A rollout: its present attempt or, with `?attempt=N`, an earlier one as far as it got. */
export function RolloutDetails({ rollout, onDeleted }: Props) {
  const [number] = useQueryState("attempt", parseAsInteger);
  const query = useAttempts(rollout);
  const attempts = query.data?.attempts ?? [];
  const earlier = earlierAttempt(attempts, number);
  const { errors, timings } = earlier ?? rollout;
  const recording = recordingOf(rollout.origin ?? rollout, earlier);
  return (
    <>
      <RolloutHeader rollout={rollout} onDeleted={onDeleted} />
      <PeopleBar rollout={rollout} />
      <ReusedNote rollout={rollout} />
      <AttemptStrip rollout={rollout} query={query} shown={earlier} />
      {errors.length > 0 && <ErrorList errors={errors} />}
      <Replay key={`${recording.rolloutId} ${recording.attempt}`} recording={recording}>
        {(moment) => (
          <div className={classes.columns}>
            <Inspector rollout={rollout} earlier={earlier} recording={recording} moment={moment} />
            <div className={classes.side}>
              <TaskPanel rollout={rollout} />
              <AccountingPanel rollout={rollout} earlier={earlier} attempts={attempts} steps={moment.steps} />
              {timings.length > 0 && <TimingStrip timings={timings} />}
              <ExecutionPanel rollout={rollout} earlier={earlier} />
            </div>
          </div>
        )}
      </Replay>
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
