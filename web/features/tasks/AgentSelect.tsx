"use client";

import { Select, type SelectProps } from "@mantine/core";
import { useAgents } from "@/api/queries";
import classes from "./AgentSelect.module.css";

type Props = Omit<SelectProps, "data" | "onChange" | "value"> & {
  value: string | null;
  onChange: (name: string) => void;
  /** The names that are offered; all, where none are given. */
  only?: readonly string[];
};

/** Chooses an agent; one that cannot be used here is offered only with the reason. */
export function AgentSelect({ value, onChange, only, ...select }: Props) {
  const agents = useAgents();
  return (
    <Select
      aria-label="Agent"
      placeholder={agents.error ? "agents could not be loaded" : "agent"}
      allowDeselect={false}
      data={(agents.data ?? [])
        .filter(({ name }) => only?.includes(name) ?? true)
        .map(({ name, title, unavailable }) => ({ value: name, label: title, disabled: unavailable !== null }))}
      value={value}
      onChange={(name) => name !== null && onChange(name)}
      classNames={{ option: classes.choice }}
      comboboxProps={{ width: 340, position: "bottom-start" }}
      renderOption={({ option }) => <AgentOption agent={agents.data?.find(({ name }) => name === option.value)} />}
      {...select}
    />
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
