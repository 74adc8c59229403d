"use client";

import { Button, Checkbox, Modal, NumberInput, Skeleton, TextInput } from "@mantine/core";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { useModels } from "@/api/installation";
import { failureOf } from "@/api/problem";
import { useAgents, useEveryTask } from "@/api/queries";
import type { ProblemField, TaskSummary } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { ProblemList } from "@/components/ProblemList";
import { chosenAgent } from "@/features/tasks/agents";
import { formatCount } from "@/lib/format";
import { problemAt, problemsElsewhere } from "@/lib/problems";
import { AgentRows } from "./AgentRows";
import classes from "./BatchForm.module.css";
import { batchHref } from "./batch";
import { type BatchForm, countRollouts, MOST_ROLLOUTS, newForm, optionsOf, requestOf, rowOf, taskIdsOf } from "./form";
import { Limits } from "./Limits";
import { USUAL, unusual, useOptions } from "./options";
import { ReaderChoice } from "./ReaderChoice";
import { Spending } from "./Spending";
import { TaskChoice } from "./TaskChoice";
import { useStartBatch } from "./useStartBatch";

type Props = { selected: readonly string[]; repeats?: number; onClose: () => void };

/** Everything that a batch is asked for with. Says how many rollouts that is before it starts them, and then opens the batch. */
export default function NewBatchModal({ selected, repeats = 1, onClose }: Props) {
  const tasks = useEveryTask();
  return (
    <Modal opened onClose={onClose} title="New batch" size="xl">
      {tasks.data !== undefined ? (
        <Form tasks={tasks.data} selected={selected} repeats={repeats} />
      ) : tasks.error !== null ? (
        <FailureNote title="The tasks could not be loaded" error={tasks.error} onRetry={() => tasks.refetch()} />
      ) : (
        <Skeleton height={420} role="status" aria-label="Loading the tasks" />
      )}
    </Modal>
  );
}

type FormProps = { tasks: readonly TaskSummary[]; selected: readonly string[]; repeats: number };

function Form({ tasks, selected, repeats }: FormProps) {
  const agents = useAgents().data ?? [];
  const models = useModels().data ?? [];
  const [options, remember] = useOptions();
  const [entered, setForm] = useState(() => newForm(selected, options, repeats));
  const usual = chosenAgent(agents, options.agent)?.name ?? null;
  const form = {
    ...entered,
    agents: entered.agents.map((row) => (row.agent === null ? rowOf(row.key, usual, options) : row)),
  };
  const change = (changes: Partial<BatchForm>) => setForm((before) => ({ ...before, ...changes }));
  const start = useStartBatch();
  const router = useRouter();
  const taskIds = taskIdsOf(form, tasks);
  const failure = start.error === null ? null : failureOf(start.error);
  const problems = failure?.errors ?? [];
  const count = countRollouts(form, tasks);
  const startable = count > 0 && count <= MOST_ROLLOUTS && form.agents.every(({ agent }) => agent !== null);

  const isUsual = unusual(optionsOf(form, USUAL), form.agents[0]?.agent ?? "").length === 0;
  const reset = () => change({ ...newForm(selected, { ...USUAL, agent: options.agent }), ...kept(form) });

  const body = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (start.error !== null) showFirstProblem(body.current);
  }, [start.error]);

  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (!startable) return;
    remember(optionsOf(form, options));
    start.mutate(requestOf(form, taskIds, { agents, models }), {
      onSuccess: (batch) => router.push(batchHref(batch.id)),
    });
  };

  return (
    <form ref={body} onSubmit={submit} className={classes.form} aria-label="New batch">
      <TaskChoice form={form} tasks={tasks} onChange={change} />
      <AgentRows
        rows={form.agents}
        options={options}
        task={tasks.find(({ id }) => id === taskIds[0])?.task}
        problems={problems}
        onChange={(rows) => change({ agents: rows })}
      />
      <div className={classes.grid}>
        <NumberInput
          label="Repeats"
          description="of each task by each agent"
          min={1}
          max={1000}
          allowDecimal={false}
          clampBehavior="strict"
          value={form.repeats}
          error={problemAt(problems, "repeats")}
          onChange={(value) => change({ repeats: typeof value === "number" ? value : 1 })}
        />
        <TextInput
          label="Name"
          description="to find it again"
          value={form.name}
          error={problemAt(problems, "name")}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <TextInput
          label="Tags"
          description="with commas between them"
          value={form.tags}
          error={problemAt(problems, "tags")}
          onChange={(event) => change({ tags: event.currentTarget.value })}
        />
        <NumberInput
          label="Priority"
          description="higher ones go first"
          min={-100}
          max={100}
          allowDecimal={false}
          value={form.priority}
          error={problemAt(problems, "priority")}
          onChange={(value) => change({ priority: typeof value === "number" ? value : 0 })}
        />
      </div>
      <Checkbox
        size="xs"
        label={
          <>
            Reuse: where an identical rollout has completed before, it answers at once
            <span className={classes.explanation}>
              identical in task version, environment, agent, model, parameters and seed; never across failures
            </span>
          </>
        }
        checked={form.reuse}
        onChange={(event) => change({ reuse: event.currentTarget.checked })}
      />
      <Spending form={form} problems={problems} onChange={change} />
      <ReaderChoice reader={form.reader} problems={problems} onChange={(reader) => change({ reader })} />
      <Limits form={form} problems={problems} onChange={change} />
      {failure !== null && <Refusal detail={failure.detail} problems={problems} />}
      <div className={classes.foot}>
        <Sum form={form} tasks={taskIds.length} count={count} />
        {!isUsual && (
          <Button variant="subtle" color="gray" onClick={reset}>
            Usual options
          </Button>
        )}
        <Button type="submit" size="sm" disabled={!startable} loading={start.isPending}>
          Start {formatCount(count, "rollout")}
        </Button>
      </div>
    </form>
  );
}

/** What the usual options have nothing to do with. */
function kept({ from, taskTags, chosen, repeats, name, tags, priority }: BatchForm): Partial<BatchForm> {
  return { from, taskTags, chosen, repeats, name, tags, priority };
}

/** What was refused may be far from the button that was pressed. */
function showFirstProblem(form: HTMLFormElement | null) {
  form?.querySelector('[aria-invalid="true"], [role="alert"]')?.scrollIntoView({ block: "center" });
}

/** How many rollouts that is, and how it comes to so many. */
function Sum({ form, tasks, count }: { form: BatchForm; tasks: number; count: number }) {
  const tooMany = count > MOST_ROLLOUTS;
  return (
    <p className={classes.sum} role="status">
      {formatCount(tasks, "task")} × {formatCount(form.agents.length, "agent")} × {formatCount(form.repeats, "repeat")}{" "}
      = <strong>{formatCount(count, "rollout")}</strong>
      {tooMany && (
        <span className={classes.tooMany}> more than a batch may hold ({MOST_ROLLOUTS.toLocaleString("en-US")})</span>
      )}
    </p>
  );
}

const AT_THEIR_FIELDS = [
  ...["agents", "repeats", "name", "tags", "priority", "limits", "budget", "extraction", "max_attempts", "seed"],
];

/** Why the server started nothing, as far as no field says it. */
function Refusal({ detail, problems }: { detail: string; problems: readonly ProblemField[] }) {
  const elsewhere = problemsElsewhere(problems, AT_THEIR_FIELDS);
  return (
    <div role="alert" className={classes.failure}>
      <p>{elsewhere.length === 0 && problems.length > 0 ? "Nothing was started: see the marked fields." : detail}</p>
      <ProblemList problems={elsewhere} label="Why nothing was started" />
    </div>
  );
}
