"use client";

import { Button, NumberInput } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { failureOf } from "@/api/problem";
import { useAgents } from "@/api/queries";
import { ProblemList } from "@/components/ProblemList";
import { batchHref } from "@/features/batches/batch";
import { NEW_BATCH } from "@/features/batches/form";
import { useStartBatch } from "@/features/batches/useStartBatch";
import { formatCount } from "@/lib/format";
import { AgentSelect } from "./AgentSelect";
import { chosenAgent } from "./agents";
import classes from "./StartForm.module.css";

const MOST_REPEATS = 1000;

/** How long a success is told; the rollouts themselves show up beside it at once. */
const NOTICE_MS = 6000;

type Props = { taskIds: readonly string[] };

/** Starts rollouts of one or several tasks with a chosen agent, with nothing else to decide. */
export default function StartForm({ taskIds }: Props) {
  const agents = useAgents();
  const start = useStartBatch();
  const [remembered, remember] = useLocalStorage({ key: "rolldeck-agent", defaultValue: "" });
  const [repeats, setRepeats] = useState(1);
  const agent = chosenAgent(agents.data ?? [], remembered);
  const count = taskIds.length * repeats;

  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (agent === null) return;
    start.mutate({ ...NEW_BATCH, task_ids: [...taskIds], agents: [{ agent: agent.name }], repeats });
  };

  const { isSuccess, reset } = start;
  useEffect(() => {
    if (!isSuccess) return;
    const notice = setTimeout(reset, NOTICE_MS);
    return () => clearTimeout(notice);
  }, [isSuccess, reset]);

  const failure = start.error === null ? null : failureOf(start.error);
  return (
    <form className={classes.form} onSubmit={submit} aria-label="Start rollouts">
      <div className={classes.controls}>
        <span role="status" className={classes.notice}>
          {start.data && (
            <>
              {formatCount(start.data.counts.total, "rollout")} started:{" "}
              <Link href={batchHref(start.data.id)}>open the batch</Link>
            </>
          )}
        </span>
        <AgentSelect className={classes.agent} value={agent?.name ?? null} onChange={remember} />
        <NumberInput
          aria-label="Rollouts of each task"
          className={classes.count}
          min={1}
          max={MOST_REPEATS}
          allowDecimal={false}
          clampBehavior="strict"
          leftSection="×"
          value={repeats}
          onChange={(value) => setRepeats(typeof value === "number" ? value : 1)}
        />
        <Button
          type="submit"
          leftSection={<IconPlayerPlay size={14} stroke={2} />}
          disabled={agent === null || count === 0}
          loading={start.isPending}
        >
          Start {formatCount(count, "rollout")}
        </Button>
      </div>
      {failure !== null && (
        <div role="alert" className={classes.failure}>
          <p>{failure.detail}</p>
          <ProblemList problems={failure.errors} label="Why no rollout was started" />
        </div>
      )}
    </form>
  );
}
