"use client";

import { Checkbox, SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import type { TaskSummary } from "@/api/types";
import { filterTasks } from "@/features/tasks/filter";
import { formatCount } from "@/lib/format";
import classes from "./BatchForm.module.css";
import { type BatchForm, tagsOf } from "./form";

/** So many tasks are listed at once; the search finds the others. */
const LISTED = 200;

type Props = { form: BatchForm; tasks: readonly TaskSummary[]; onChange: (change: Partial<BatchForm>) => void };

/** Which tasks a batch is of: all, those with certain tags, or chosen one by one. */
export function TaskChoice({ form, tasks, onChange }: Props) {
  const tags = tagsOf(tasks);
  return (
    <fieldset className={classes.group}>
      <legend>Tasks</legend>
      <SegmentedControl
        size="xs"
        aria-label="Which tasks"
        data={[
          { value: "all", label: `All ${tasks.length.toLocaleString("en-US")}` },
          { value: "tags", label: "By tag", disabled: tags.length === 0 },
          { value: "chosen", label: form.chosen.size > 0 ? `Selected ${form.chosen.size}` : "Selected" },
        ]}
        value={form.from}
        onChange={(from) => onChange({ from: from as BatchForm["from"] })}
        data-autofocus
      />
      {form.from === "tags" && (
        <div className={classes.tags}>
          {tags.map(({ tag, count }) => (
            <Checkbox
              key={tag}
              size="xs"
              label={
                <>
                  {tag} <span className={classes.count}>{count}</span>
                </>
              }
              checked={form.taskTags.has(tag)}
              onChange={() => onChange({ taskTags: toggled(form.taskTags, tag) })}
            />
          ))}
        </div>
      )}
      {form.from === "chosen" && (
        <OneByOne chosen={form.chosen} tasks={tasks} onChange={(chosen) => onChange({ chosen })} />
      )}
    </fieldset>
  );
}

type OneByOneProps = {
  chosen: ReadonlySet<string>;
  tasks: readonly TaskSummary[];
  onChange: (chosen: ReadonlySet<string>) => void;
};

function OneByOne({ chosen, tasks, onChange }: OneByOneProps) {
  const [search, setSearch] = useState("");
  const [chosenBefore] = useState(chosen);
  const found = [...filterTasks(tasks, search)].sort((a, b) => +chosenBefore.has(b.id) - +chosenBefore.has(a.id));
  return (
    <div className={classes.choice}>
      <TextInput
        type="search"
        aria-label="Search the tasks to select"
        placeholder="Search tasks"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <div className={classes.tasks}>
        {found.slice(0, LISTED).map(({ id }) => (
          <Checkbox
            key={id}
            size="xs"
            label={<code>{id}</code>}
            checked={chosen.has(id)}
            onChange={() => onChange(toggled(chosen, id))}
          />
        ))}
        {found.length === 0 && <p className={classes.hint}>No task matches.</p>}
        {found.length > LISTED && (
          <p className={classes.hint}>{formatCount(found.length - LISTED, "more task")}: search for them.</p>
        )}
      </div>
    </div>
  );
}

function toggled(set: ReadonlySet<string>, member: string): ReadonlySet<string> {
  const after = new Set(set);
  if (!after.delete(member)) after.add(member);
  return after;
}
