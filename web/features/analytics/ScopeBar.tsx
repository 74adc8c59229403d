"use client";

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useBatches } from "@/api/batches";
import { useTasks } from "@/api/queries";
import type { SuccessRates } from "@/api/types";
import { batchTitle } from "@/features/batches/batch";
import classes from "./ScopeBar.module.css";
import { countFilters, type Filters } from "./scope";

const RANGES = [7, 30, 90, 365] as const;

/** `known` are the agents and models that there are anything of. */
type Props = {
  filters: Filters;
  onChange: (change: Partial<Filters> | null) => void;
  known: SuccessRates | undefined;
};

/** Narrows all statistics of the page. */
export function ScopeBar({ filters, onChange, known }: Props) {
  const batches = useBatches(undefined).data?.pages.flatMap((page) => page.batches) ?? [];
  const tasks = useTasks().data?.pages.flatMap((page) => page.tasks) ?? [];
  const contestants = known?.contestants ?? [];
  return (
    <search className={classes.bar} aria-label="Which rollouts are counted">
      <Select
        label="Agent"
        value={filters.agent}
        all="All agents"
        choices={contestants.map(({ agent }) => agent)}
        onChange={(agent) => onChange({ agent })}
      />
      <Select
        label="Model"
        value={filters.model}
        all="All models"
        choices={contestants.flatMap(({ model }) => (model === null ? [] : [model]))}
        onChange={(model) => onChange({ model })}
      />
      <NativeSelect
        size="xs"
        label="Batch"
        value={filters.batch}
        data={[
          { value: "", label: "All batches" },
          ...withChosen(
            filters.batch,
            batches.map((batch) => ({ value: batch.id, label: batchTitle(batch) })),
          ),
        ]}
        onChange={(event) => onChange({ batch: event.currentTarget.value })}
      />
      <Select
        label="Tag of tasks"
        value={filters.tag}
        all="All tags"
        choices={tasks.flatMap(({ tags }) => tags)}
        onChange={(tag) => onChange({ tag })}
      />
      <Select
        label="Task"
        value={filters.task}
        all="All tasks"
        choices={tasks.map(({ id }) => id)}
        onChange={(task) => onChange({ task })}
      />
      <TextInput
        type="date"
        label="Queued from"
        value={filters.since}
        max={filters.until || undefined}
        onChange={(event) => onChange({ since: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="Until"
        value={filters.until}
        min={filters.since || undefined}
        onChange={(event) => onChange({ until: event.currentTarget.value })}
      />
      {filters.since === "" && (
        <NativeSelect
          size="xs"
          label="Days in the chart"
          value={`${filters.days}`}
          data={withChosen(
            `${filters.days}`,
            RANGES.map((days) => ({ value: `${days}`, label: `${days}` })),
          )}
          onChange={(event) => onChange({ days: Number(event.currentTarget.value) })}
        />
      )}
      {countFilters(filters) > 0 && (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconX size={14} aria-hidden />}
          onClick={() => onChange(null)}
        >
          Count all
        </Button>
      )}
    </search>
  );
}

type SelectProps = {
  label: string;
  value: string;
  all: string;
  choices: readonly string[];
  onChange: (value: string) => void;
};

function Select({ label, value, all, choices, onChange }: SelectProps) {
  const different = [...new Set(choices)].map((choice) => ({ value: choice, label: choice }));
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={value}
      data={[{ value: "", label: all }, ...withChosen(value, different)]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

type Choice = { value: string; label: string };

/** What the address asks for is a choice, too, though nothing of it may be known. */
function withChosen(value: string, choices: readonly Choice[]): Choice[] {
  const isThere = value === "" || choices.some((choice) => choice.value === value);
  return isThere ? [...choices] : [{ value, label: value }, ...choices];
}
