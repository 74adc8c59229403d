"use client";

import { Button, NumberInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal, IconPlayerPlay } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useEffect, useState } from "react";
import { useModels } from "@/api/installation";
import { failureOf } from "@/api/problem";
import { useAgents } from "@/api/queries";
import { ProblemList } from "@/components/ProblemList";
import { batchHref } from "@/features/batches/batch";
import { newForm, requestOf, rowOf } from "@/features/batches/form";
import { ModelInput } from "@/features/batches/ModelInput";
import { type Options, unusual, useOptions } from "@/features/batches/options";
import { useStartBatch } from "@/features/batches/useStartBatch";
import { formatCount } from "@/lib/format";
import { problemAt, problemsElsewhere } from "@/lib/problems";
import { AgentSelect } from "./AgentSelect";
import { chosenAgent } from "./agents";
import classes from "./StartForm.module.css";

const NewBatchModal = dynamic(() => import("@/features/batches/NewBatchModal"), { ssr: false });

const MOST_REPEATS = 1000;

/** How long a success is told; the rollouts themselves show up beside it at once. */
const NOTICE_MS = 6000;

type Props = { taskIds: readonly string[] };

/** Starts rollouts of one or several tasks with the agent and the options that were used last: one click, nothing to decide. */
export default function StartForm({ taskIds }: Props) {
  const agents = useAgents();
  const models = useModels();
  const start = useStartBatch();
  const [options, remember] = useOptions();
  const [repeats, setRepeats] = useState(1);
  const [optionsOpened, { open, close }] = useDisclosure(false);
  const agent = chosenAgent(agents.data ?? [], options.agent);
  const count = taskIds.length * repeats;
  const set = unusual(options, agent?.name ?? "");

  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (agent === null) return;
    const form = { ...newForm(taskIds, options, repeats), agents: [rowOf(0, agent.name, options)] };
    start.mutate(requestOf(form, taskIds, { agents: agents.data ?? [], models: models.data ?? [] }));
  };

  const { isSuccess, reset } = start;
  useEffect(() => {
    if (!isSuccess) return;
    const notice = setTimeout(reset, NOTICE_MS);
    return () => clearTimeout(notice);
  }, [isSuccess, reset]);

  const failure = start.error === null ? null : failureOf(start.error);
  const modelProblem = problemAt(failure?.errors ?? [], MODEL);
  return (
    <>
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
          <AgentSelect
            className={classes.agent}
            value={agent?.name ?? null}
            onChange={(name) => remember({ ...options, agent: name })}
          />
          {agent?.parameters != null && (
            <ModelInput
              className={classes.model}
              agent={agent.name}
              value={options.models[agent.name] ?? ""}
              error={modelProblem !== null}
              onChange={(model) => remember(withModel(options, agent.name, model))}
            />
          )}
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
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={14} stroke={2} />}
            onClick={open}
            title={set.length > 0 ? `Not as usual: ${set.join(", ")}` : undefined}
          >
            Options{set.length > 0 && ` (${set.length} set)`}
          </Button>
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
            <p>{modelProblem ?? failure.detail}</p>
            <ProblemList problems={problemsElsewhere(failure.errors, [MODEL])} label="Why no rollout was started" />
          </div>
        )}
      </form>
      {optionsOpened && <NewBatchModal selected={taskIds} repeats={repeats} onClose={close} />}
    </>
  );
}

const MODEL = "agents.0.model";

function withModel(options: Options, agent: string, model: string): Options {
  return { ...options, agent, models: { ...options.models, [agent]: model } };
}
