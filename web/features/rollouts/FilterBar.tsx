"use client";

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconFilter, IconSearch, IconX } from "@tabler/icons-react";
import { useId, useState } from "react";
import { useAgents } from "@/api/queries";
import type { RolloutQuery } from "@/api/types";
import { type TableFormat, tableAddress } from "./exports";
import classes from "./FilterBar.module.css";
import { countFilters, ERROR_KINDS, type Filters, OUTCOMES, type OutcomeName, SORTS } from "./filters";

/**
 * `batch`: whether the list holds several batches, so that one can be chosen. `query` is what the list shows, for its
 * export.
 */
type Props = {
  filters: Filters;
  onChange: (change: Partial<Filters> | null) => void;
  batch: boolean;
  query: RolloutQuery;
};

/** Narrows and orders a list of rollouts. What is used rarely unfolds, or stands there because it is in use. */
export default function FilterBar({ filters, onChange, batch, query }: Props) {
  const { agent, model, error } = filters;
  const rarelyUsed = [agent, model, error, filters.batch].some((value) => value !== "");
  const [unfolded, setUnfolded] = useState(rarelyUsed);
  const count = countFilters(filters);
  const more = useId();
  return (
    <search className={classes.bar} aria-label="Filter the rollouts">
      <div className={classes.row}>
        <TextInput
          type="search"
          className={classes.text}
          aria-label="Search tasks, answers and errors"
          placeholder="Search tasks, answers, errors"
          leftSection={<IconSearch size={14} />}
          value={filters.q}
          onChange={(event) => onChange({ q: event.currentTarget.value })}
        />
        <NativeSelect
          className={classes.select}
          size="xs"
          aria-label="Outcome"
          data={[
            { value: "", label: "Any outcome" },
            ...Object.entries(OUTCOMES).map(([value, { label }]) => ({ value, label })),
          ]}
          value={filters.outcome ?? ""}
          onChange={({ currentTarget: { value } }) =>
            onChange({ outcome: value === "" ? null : (value as OutcomeName) })
          }
        />
        <NativeSelect
          className={classes.select}
          size="xs"
          aria-label="Order"
          data={Object.entries(SORTS).map(([value, label]) => ({ value, label }))}
          value={filters.sort}
          onChange={(event) => onChange({ sort: event.currentTarget.value as Filters["sort"] })}
        />
        <Button
          variant="default"
          leftSection={<IconFilter size={14} />}
          aria-expanded={unfolded}
          aria-controls={more}
          onClick={() => setUnfolded(!unfolded)}
        >
          More filters
        </Button>
        {count > 0 && (
          <Button variant="subtle" leftSection={<IconX size={14} />} onClick={() => onChange(null)}>
            Clear {count}
          </Button>
        )}
        <span className={classes.exports}>
          Export <TableLink format="csv" query={query} /> <TableLink format="json" query={query} />
        </span>
      </div>
      <div id={more} className={classes.row} hidden={!unfolded}>
        {unfolded && <RareFilters filters={filters} onChange={onChange} batch={batch} />}
      </div>
    </search>
  );
}

const FORMATS = { csv: "CSV", json: "JSON" } satisfies Record<TableFormat, string>;

function TableLink({ format, query }: { format: TableFormat; query: RolloutQuery }) {
  return (
    <a href={tableAddress(format, query)} download aria-label={`Export these rollouts as ${FORMATS[format]}`}>
      {FORMATS[format]}
    </a>
  );
}

function RareFilters({ filters, onChange, batch }: Omit<Props, "query">) {
  const agents = useAgents();
  const listed = (agents.data ?? []).map(({ name, title }) => ({ value: name, label: title }));
  return (
    <>
      <NativeSelect
        className={classes.select}
        size="xs"
        aria-label="Agent"
        data={[{ value: "", label: "Any agent" }, ...withChosen(listed, filters.agent)]}
        value={filters.agent}
        onChange={(event) => onChange({ agent: event.currentTarget.value })}
      />
      <NativeSelect
        className={classes.select}
        size="xs"
        aria-label="Kind of error"
        data={[
          { value: "", label: "Any error or none" },
          ...withChosen(
            ERROR_KINDS.map((kind) => ({ value: kind, label: kind })),
            filters.error,
          ),
        ]}
        value={filters.error}
        onChange={(event) => onChange({ error: event.currentTarget.value })}
      />
      <TextInput
        aria-label="Model"
        placeholder="Model, exactly"
        className={classes.exact}
        value={filters.model}
        onChange={(event) => onChange({ model: event.currentTarget.value.trim() })}
      />
      {batch && (
        <TextInput
          aria-label="Batch"
          placeholder="Batch id"
          className={classes.exact}
          value={filters.batch}
          onChange={(event) => onChange({ batch: event.currentTarget.value.trim() })}
        />
      )}
    </>
  );
}

/** The choices, with the one that an address names although it is none of them. */
function withChosen(choices: { value: string; label: string }[], chosen: string) {
  const known = chosen === "" || choices.some(({ value }) => value === chosen);
  return known ? choices : [...choices, { value: chosen, label: chosen }];
}
