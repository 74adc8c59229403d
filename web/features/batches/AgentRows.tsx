"use client";

import { ActionIcon, Button } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useAgents } from "@/api/queries";
import type { ProblemField } from "@/api/types";
import { AgentSelect } from "@/features/tasks/AgentSelect";
import { problemAt, problemOf } from "@/lib/problems";
import classes from "./BatchForm.module.css";
import { type AgentRow, rowOf } from "./form";
import { ModelInput } from "./ModelInput";
import type { Options } from "./options";
import { ParameterFields } from "./ParameterFields";

type Props = {
  rows: readonly AgentRow[];
  /** What was used last: an agent that is chosen comes with its own of it. */
  options: Options;
  /** The instruction that previews of prompts show. */
  task: string | undefined;
  problems: readonly ProblemField[];
  onChange: (rows: readonly AgentRow[]) => void;
};

/** Who tries the tasks: one agent or several, each with a model and parameters of its own where it takes some. */
export function AgentRows({ rows, options, task, problems, onChange }: Props) {
  const agents = useAgents().data ?? [];
  const change = (key: number, changes: Partial<AgentRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  const add = () => {
    const key = Math.max(...rows.map((row) => row.key)) + 1;
    const last = rows.at(-1);
    onChange([...rows, { ...(last ?? rowOf(key, null, options)), key, model: "" }]);
  };
  return (
    <fieldset className={classes.group}>
      <legend>Agents</legend>
      {rows.map((row, position) => {
        const { key, model, parameters } = row;
        const agent = agents.find(({ name }) => name === row.agent);
        const field = `agents.${position}`;
        const changed = Object.keys(parameters).length;
        const refused = problemAt(problems, `${field}.parameters`) !== null;
        return (
          <div key={key} className={classes.row}>
            <div className={classes.agent}>
              <AgentSelect
                aria-label={`Agent ${position + 1}`}
                value={row.agent}
                error={problemOf(problems, field)}
                onChange={(name) => change(key, rowOf(key, name, options))}
              />
              {agent?.parameters != null && (
                <ModelInput
                  aria-label={`Model of agent ${position + 1}`}
                  agent={agent.name}
                  value={model}
                  error={problemAt(problems, `${field}.model`)}
                  onChange={(named) => change(key, { model: named })}
                />
              )}
              {rows.length > 1 && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={30}
                  aria-label={`Remove agent ${position + 1}`}
                  onClick={() => onChange(rows.filter((other) => other.key !== key))}
                >
                  <IconX size={15} />
                </ActionIcon>
              )}
            </div>
            {agent?.parameters != null && (
              <details className={classes.inner} open={refused || undefined}>
                <summary>Instruction and policies{changed > 0 && ` (${changed} set)`}</summary>
                <ParameterFields
                  agent={agent}
                  of={rows.length > 1 ? `agent ${position + 1}` : "the agent"}
                  parameters={parameters}
                  task={task}
                  problemOf={(name) => problemAt(problems, `${field}.parameters.${name}`)}
                  onChange={(next) => change(key, { parameters: next })}
                />
              </details>
            )}
          </div>
        );
      })}
      <div>
        <Button variant="subtle" leftSection={<IconPlus size={14} />} onClick={add}>
          Add an agent
        </Button>
      </div>
    </fieldset>
  );
}
