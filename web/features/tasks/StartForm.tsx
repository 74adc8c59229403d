"use client";

import { Button, NumberInput, Select } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { failureOf } from "@/api/problem";
import { useAgents, useStartRollouts } from "@/api/queries";
import { ProblemList } from "@/components/ProblemList";
import { formatCount } from "@/lib/format";
import { chosenAgent } from "./agents";
import classes from "./StartForm.module.css";

const MOST_REPEATS = 1000;

/** How long a success is told; the rollouts themselves show up beside it at once. */
const NOTICE_MS = 6000;

type Props = { taskIds: readonly string[] };

/** Starts rollouts of one or several tasks with a chosen agent. */
export default function StartForm({ taskIds }: Props) {
  const agents = useAgents();
  const start = useStartRollouts();
  const [remembered, remember] = useLocalStorage({ key: "rolldeck-agent", defaultValue: "" });
  const [repeats, setRepeats] = useState(1);
  const agent = chosenAgent(agents.data ?? [], remembered);
  const count = taskIds.length * repeats;

  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (agent === null) return;
    start.mutate({ task_ids: [...taskIds], agent: agent.name, repeats });
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
          {start.data && `${formatCount(start.data.rollouts.length, "rollout")} started`}
        </span>
        <Select
          aria-label="Agent"
          className={classes.agent}
          placeholder={agents.error ? "agents could not be loaded" : "agent"}
          allowDeselect={false}
          data={(agents.data ?? []).map(({ name, title, unavailable }) => ({
            value: name,
            label: title,
            disabled: unavailable !== null,
          }))}
          value={agent?.name ?? null}
          onChange={(name) => name !== null && remember(name)}
          classNames={{ option: classes.choice }}
          comboboxProps={{ width: 340, position: "bottom-start" }}
          renderOption={({ option }) => <AgentOption agent={agents.data?.find(({ name }) => name === option.value)} />}
        />
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

function AgentOption({ agent }: { agent?: { title: string; description: string; unavailable: string | null } }) {
  if (agent === undefined) return null;
  return (
    <span className={classes.option}>
      <strong>{agent.title}</strong>
      <span className={classes.why}>{agent.unavailable ?? agent.description}</span>
    </span>
  );
}
