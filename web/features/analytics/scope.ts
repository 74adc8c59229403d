/** What the statistics of the page are narrowed to: kept in the address, sent to the server, and handed to links. */
import { type inferParserType, parseAsInteger, parseAsString } from "nuqs";
import type { Scope } from "@/api/analytics";
import type { Narrowing } from "@/features/rollouts/href";

const text = parseAsString.withDefault("");

export const FILTERS = {
  batch: text,
  tag: text,
  task: text,
  agent: text,
  model: text,
  since: text,
  until: text,
  days: parseAsInteger.withDefault(30),
};

export type Filters = inferParserType<typeof FILTERS>;

export const MOST_DAYS = 366;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What the server is asked; what is empty, or no day, does not narrow. */
export function scopeOf({ batch, tag, task, agent, model, since, until }: Filters): Scope {
  const asked = { batch_id: batch, tag, task_id: task, agent, model, since: dayOf(since), until: dayOf(until) };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ""));
}

const dayOf = (value: string): string => (DAY.test(value) && !Number.isNaN(Date.parse(value)) ? value : "");

/** How many days the charts over time have: those asked for, as far as they are reasonable. */
export function daysOf({ days, since, until }: Filters, today: string): number {
  if (dayOf(since) === "") return Math.min(MOST_DAYS, Math.max(1, days));
  const last = dayOf(until) === "" ? today : until;
  const between = Math.round((Date.parse(last) - Date.parse(since)) / 86_400_000) + 1;
  return Math.min(MOST_DAYS, Math.max(1, between));
}

export function countFilters(filters: Filters): number {
  return Object.keys(scopeOf(filters)).length;
}

/** The rollouts behind the whole page: what a mark stands for is narrowed further. */
export function narrowingOf(scope: Scope): Narrowing {
  return {
    batch: scope.batch_id ?? undefined,
    tag: scope.tag ?? undefined,
    task: scope.task_id ?? undefined,
    agent: scope.agent ?? undefined,
    model: scope.model ?? undefined,
    ...between(scope.since ?? undefined, scope.until ?? undefined),
  };
}

/** Days of UTC, both included, as a list of rollouts takes moments: from the first one on, before the day after the last. */
export function between(first: string | undefined, last: string | undefined): Pick<Narrowing, "since" | "until"> {
  return {
    since: first === undefined ? undefined : `${first}T00:00:00Z`,
    until: last === undefined ? undefined : new Date(Date.parse(last) + 86_400_000).toISOString().replace(".000", ""),
  };
}

type Who = { agent: string; model: string | null };

export const nameOf = ({ agent, model }: Who): string => (model === null ? agent : `${agent} · ${model}`);
