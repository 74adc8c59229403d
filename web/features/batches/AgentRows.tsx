"use client";

import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { AgentSelect } from "@/features/tasks/AgentSelect";
import classes from "./BatchForm.module.css";
import type { AgentRow } from "./form";

type Props = {
  rows: readonly AgentRow[];
  problemOf: (position: number) => string | null;
  onChange: (rows: readonly AgentRow[]) => void;
};

/** Who tries the tasks: one agent or several, each with a model of its own where it needs one. */
export function AgentRows({ rows, problemOf, onChange }: Props) {
  const change = (key: number, changes: Partial<AgentRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  const add = () => {
    const key = Math.max(...rows.map((row) => row.key)) + 1;
    onChange([...rows, { key, agent: rows.at(-1)?.agent ?? null, model: "" }]);
  };
  return (
    <fieldset className={classes.group}>
      <legend>Agents</legend>
      {rows.map(({ key, agent, model }, position) => (
        <div key={key} className={classes.agent}>
          <AgentSelect
            aria-label={`Agent ${position + 1}`}
            value={agent}
            error={problemOf(position)}
            onChange={(name) => change(key, { agent: name })}
          />
          <TextInput
            aria-label={`Model of agent ${position + 1}`}
            placeholder="model, if it takes one"
            value={model}
            onChange={(event) => change(key, { model: event.currentTarget.value })}
          />
          {rows.length > 1 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size={30}
              aria-label={`Remove agent ${position + 1}`}
              onClick={() => onChange(rows.filter((row) => row.key !== key))}
            >
              <IconX size={15} />
            </ActionIcon>
          )}
        </div>
      ))}
      <div>
        <Button variant="subtle" leftSection={<IconPlus size={14} />} onClick={add}>
          Add an agent
        </Button>
      </div>
    </fieldset>
  );
}
