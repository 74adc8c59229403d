/** What two versions of a task differ in. */
import type { Task } from "@/api/types";
import { prettyJson } from "@/lib/text";

export type FieldChange = { field: string; before: string; after: string };

/** The fields whose values differ, as text: an instruction as it is, anything else as JSON. */
export function changesOf(before: Task, after: Task): FieldChange[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Task>;
  return [...fields]
    .map((field) => ({ field, before: textOf(before[field]), after: textOf(after[field]) }))
    .filter((change) => change.before !== change.after);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : prettyJson(value);
}
