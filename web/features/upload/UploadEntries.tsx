"use client";

import { useState } from "react";
import type { Task, UploadPreview } from "@/api/types";
import { JsonBlock } from "@/components/Json";
import { ScrollBox } from "@/components/ScrollBox";
import { changesOf } from "@/features/tasks/changes";
import TaskChanges from "@/features/tasks/TaskChanges";
import { formatCount } from "@/lib/format";
import { firstLine, shorten } from "@/lib/text";
import classes from "./UploadDialog.module.css";

type Entry = UploadPreview["entries"][number];

/** The tasks that an upload would add or change, in the file's order; each unfolds to what is different. */
export function UploadEntries({ entries, more }: { entries: readonly Entry[]; more: number }) {
  return (
    <ScrollBox label="Tasks that would be added or changed" className={classes.entries}>
      {entries.map((entry) => (
        <EntryRow key={entry.id} entry={entry} />
      ))}
      {more > 0 && <p className={classes.more}>… and {formatCount(more, "more task", "more tasks")}.</p>}
    </ScrollBox>
  );
}

function EntryRow({ entry: { id, line, before, after } }: { entry: Entry }) {
  const [opened, setOpened] = useState(false);
  const fields = before === null ? null : changesOf(before, after).map(({ field }) => field);
  return (
    <details className={classes.entry} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>
        <span className={classes.line}>line {line}</span>
        <span className={classes.state} data-tone={before === null ? "success" : "wrong"}>
          {before === null ? "new" : "changed"}
        </span>
        <bdi className={classes.id} title={id}>
          {id}
        </bdi>
        <span className={classes.what}>
          {fields === null ? <bdi>{shorten(firstLine(after.task), 160)}</bdi> : fields.join(", ")}
        </span>
      </summary>
      {opened && <div className={classes.change}>{<Change before={before} after={after} />}</div>}
    </details>
  );
}

function Change({ before, after }: { before: Task | null; after: Task }) {
  return before === null ? (
    <JsonBlock value={after} label="The task as JSON" />
  ) : (
    <TaskChanges before={before} after={after} />
  );
}
