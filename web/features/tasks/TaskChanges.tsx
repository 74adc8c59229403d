"use client";

import { type Change, diffLines, diffWordsWithSpace } from "diff";
import { useMemo } from "react";
import type { Task } from "@/api/types";
import { CodeBlock } from "@/components/Json";
import { changesOf, type FieldChange } from "./changes";
import classes from "./TaskChanges.module.css";

/** Texts that differ in more than this are shown one after the other: to compare them would take too long. */
const MOST_EDITS = 1_000;
const MOST_CHARACTERS = 20_000;

/** What two versions of a task differ in, field by field: what is gone is struck through, what is new underlined. */
export default function TaskChanges({ before, after }: { before: Task; after: Task }) {
  const changes = useMemo(() => changesOf(before, after), [before, after]);
  if (changes.length === 0) return <p>They say the same.</p>;
  return (
    <dl className={classes.changes}>
      {changes.map((change) => (
        <div key={change.field}>
          <dt>{change.field}</dt>
          <dd>
            <TextChange change={change} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function TextChange({ change }: { change: FieldChange }) {
  const parts = useMemo(() => partsOf(change), [change]);
  if (parts === null) {
    return (
      <div className={classes.both}>
        <CodeBlock text={change.before} label={`${change.field} before`} />
        <CodeBlock text={change.after} label={`${change.field} after`} />
      </div>
    );
  }
  return (
    <pre className={classes.text} dir="auto">
      {parts.map((part, place) => {
        const Mark = part.added ? "ins" : part.removed ? "del" : "span";
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity, and never change
        return <Mark key={place}>{part.value}</Mark>;
      })}
    </pre>
  );
}

/** The parts of both texts in order; null where they are too long or too different to say. */
function partsOf({ field, before, after }: FieldChange): Change[] | null {
  if (before.length > MOST_CHARACTERS || after.length > MOST_CHARACTERS) return null;
  const options = { maxEditLength: MOST_EDITS };
  const parts = field === "task" ? diffWordsWithSpace(before, after, options) : diffLines(before, after, options);
  return parts ?? null;
}
