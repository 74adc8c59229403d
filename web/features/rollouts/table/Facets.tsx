"use client";

import { Button, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import type { Facets as FacetCounts, RolloutQuery } from "@/api/types";
import { formatCost, formatDuration } from "@/lib/format";
import { AGES, countListFilters, type ListFilters, OUTCOMES, SORTS } from "../filters";
import classes from "./Facets.module.css";
import { useFacets } from "./useRolloutPages";

const wait = () => <Skeleton height={28} width={72} />;
const ChoiceMenu = dynamic(() => import("./ChoiceMenu"), { ssr: false, loading: wait });
const RangeMenu = dynamic(() => import("./RangeMenu"), { ssr: false, loading: wait });
const TimeMenu = dynamic(() => import("./TimeMenu"), { ssr: false, loading: wait });

type Props = {
  filters: ListFilters;
  onChange: (change: Partial<ListFilters> | null) => void;
  query: RolloutQuery;
};

type Facet = {
  filter: "task" | "tag" | "environment" | "agent" | "model" | "error";
  name: string;
  of: keyof FacetCounts;
};

const FACETS: readonly Facet[] = [
  { filter: "task", name: "Task", of: "task" },
  { filter: "tag", name: "Tag", of: "tag" },
  { filter: "environment", name: "Environment", of: "environment" },
  { filter: "agent", name: "Agent", of: "agent" },
  { filter: "model", name: "Model", of: "model" },
  { filter: "error", name: "Error", of: "error" },
];

/** Narrows and orders the list: each choice says how many rollouts it would show. */
export function Facets({ filters, onChange, query }: Props) {
  const facets = useFacets(query);
  const count = countListFilters(filters);
  return (
    <search className={classes.facets} aria-label="Filter the rollouts">
      <TextInput
        type="search"
        className={classes.text}
        aria-label="Search tasks, answers, messages and errors"
        placeholder="Search tasks, answers, messages, errors"
        leftSection={<IconSearch size={14} />}
        value={filters.q}
        onChange={(event) => onChange({ q: event.currentTarget.value })}
      />
      <NativeSelect
        className={classes.select}
        size="xs"
        aria-label="Order"
        data={Object.entries(SORTS).map(([value, label]) => ({ value, label }))}
        value={filters.sort}
        onChange={(event) => onChange({ sort: event.currentTarget.value as ListFilters["sort"] })}
      />
      <div className={classes.menus}>
        <ChoiceMenu
          name="Outcome"
          choices={outcomeChoices(facets.data)}
          value={filters.outcome}
          shown={filters.outcome === null ? null : OUTCOMES[filters.outcome].label}
          onChange={(outcome) => onChange({ outcome: outcome as ListFilters["outcome"] })}
        />
        {FACETS.map(({ filter, name, of }) => (
          <ChoiceMenu
            key={filter}
            name={name}
            choices={choicesOf(facets.data, of)}
            value={filters[filter] === "" ? null : filters[filter]}
            shown={filters[filter] === "" ? null : filters[filter]}
            onChange={(value) => onChange({ [filter]: value ?? "" })}
          />
        ))}
        <TimeMenu
          shown={timeInWords(filters)}
          age={filters.age}
          since={filters.since}
          until={filters.until}
          onChange={onChange}
        />
        <RangeMenu
          name="Duration"
          unit="seconds"
          least={filters.min_seconds}
          most={filters.max_seconds}
          format={formatDuration}
          onChange={(min_seconds, max_seconds) => onChange({ min_seconds, max_seconds })}
        />
        <RangeMenu
          name="Cost"
          unit="US dollars"
          least={filters.min_cost}
          most={filters.max_cost}
          format={formatCost}
          onChange={(min_cost, max_cost) => onChange({ min_cost, max_cost })}
        />
        {filters.batch !== "" && <Pinned name="Batch" value={filters.batch} onRemove={() => onChange({ batch: "" })} />}
        {filters.version !== "" && (
          <Pinned name="Version" value={filters.version} onRemove={() => onChange({ version: "" })} />
        )}
        {count > 0 && (
          <Button variant="subtle" leftSection={<IconX size={14} />} onClick={() => onChange(null)}>
            Clear {count}
          </Button>
        )}
      </div>
      {facets.data !== undefined && facets.data.unheeded.length > 0 && (
        <p className={classes.note}>The counts of the filters leave out of account: {unheededInWords(facets.data)}.</p>
      )}
    </search>
  );
}

/** Something that the address names and no menu chooses. */
function Pinned({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <Button
      variant="light"
      rightSection={<IconX size={13} />}
      aria-label={`Remove the filter ${name} ${value}`}
      title={value}
      onClick={onRemove}
    >
      {name}: {value.slice(-8)}
    </Button>
  );
}

const WORDS: Record<string, string> = {
  q: "the search",
  task_version: "the version",
  min_seconds: "the duration",
  max_seconds: "the duration",
  min_cost: "the cost",
  max_cost: "the cost",
};

function unheededInWords({ unheeded }: FacetCounts): string {
  return [...new Set(unheeded.map((name) => WORDS[name] ?? name))].join(", ");
}

function choicesOf(facets: FacetCounts | undefined, of: keyof FacetCounts) {
  return ((facets?.[of] ?? []) as FacetCounts["task"]).map(({ value, rollouts }) => ({
    value,
    label: value,
    rollouts: rollouts as number | null,
  }));
}

/** The outcomes with their counts: of those of one status, and of verdicts. */
function outcomeChoices(facets: FacetCounts | undefined) {
  const verdicts = { success: "right", wrong: "wrong" } as Record<string, string>;
  const sum = (counted: FacetCounts["status"] | undefined, values: readonly string[]) =>
    counted === undefined
      ? null
      : counted.reduce((total, { value, rollouts }) => total + (values.includes(value) ? rollouts : 0), 0);
  return Object.entries(OUTCOMES).map(([value, { label, query }]) => {
    const verdict = verdicts[value];
    const rollouts =
      verdict === undefined
        ? sum(facets?.status, "status" in query ? query.status : [])
        : sum(facets?.verdict, [verdict]);
    return { value, label, rollouts };
  });
}

function timeInWords({ age, since, until }: ListFilters): string | null {
  if (age !== null) return AGES[age].label;
  if (since === "" && until === "") return null;
  const day = (iso: string) => iso.slice(0, 16).replace("T", " ");
  return [since === "" ? "" : `from ${day(since)}`, until === "" ? "" : `to ${day(until)}`].join(" ").trim();
}
