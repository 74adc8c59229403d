/** What a list of rollouts is narrowed to and how it is ordered: kept in the address, sent to the server. */
import { type inferParserType, parseAsFloat, parseAsString, parseAsStringLiteral } from "nuqs";
import type { RolloutQuery } from "@/api/types";

type Choice = { label: string; query: Pick<RolloutQuery, "status" | "success"> };

/** Status and verdict as one choice, since a verdict only exists for a completed rollout. */
export const OUTCOMES = {
  success: { label: "Success", query: { success: true } },
  wrong: { label: "Wrong", query: { success: false } },
  failed: { label: "Failed", query: { status: ["failed"] } },
  cancelled: { label: "Cancelled", query: { status: ["cancelled"] } },
  completed: { label: "Completed", query: { status: ["completed"] } },
  live: { label: "Live", query: { status: ["pending", "provisioning", "running", "verifying"] } },
  pending: { label: "Pending", query: { status: ["pending"] } },
  running: { label: "In progress", query: { status: ["provisioning", "running", "verifying"] } },
} satisfies Record<string, Choice>;

export type OutcomeName = keyof typeof OUTCOMES;

export const SORTS = {
  newest: "Newest first",
  oldest: "Oldest first",
  longest: "Longest first",
  shortest: "Shortest first",
  most_steps: "Most steps first",
  fewest_steps: "Fewest steps first",
} satisfies Record<NonNullable<RolloutQuery["sort"]>, string>;

/** Kinds of errors that a rollout can fail with, by what was at fault. */
export const ERROR_KINDS = [
  "AgentError",
  "BrowserError",
  "EnvironmentFailure",
  "ModelError",
  "RecordingError",
  "StorageError",
  "TemplateError",
  "VerificationError",
  "WorkerLost",
] as const;

const names = <Name extends string>(choices: Record<Name, unknown>) => Object.keys(choices) as Name[];

export const FILTERS = {
  q: parseAsString.withDefault(""),
  outcome: parseAsStringLiteral(names(OUTCOMES)),
  agent: parseAsString.withDefault(""),
  model: parseAsString.withDefault(""),
  error: parseAsString.withDefault(""),
  batch: parseAsString.withDefault(""),
  sort: parseAsStringLiteral(names(SORTS)).withDefault("newest"),
};

export type Filters = inferParserType<typeof FILTERS>;

export const NO_FILTERS: Filters = {
  q: "",
  outcome: null,
  agent: "",
  model: "",
  error: "",
  batch: "",
  sort: "newest",
};

/** What the server is asked; what is empty does not narrow. */
export function queryOf(filters: Filters): RolloutQuery {
  const { q, outcome, agent, model, error, batch, sort } = filters;
  return {
    ...(outcome === null ? {} : OUTCOMES[outcome].query),
    ...(q.trim() === "" ? {} : { q: q.trim() }),
    ...(agent === "" ? {} : { agent }),
    ...(model === "" ? {} : { model }),
    ...(error === "" ? {} : { error }),
    ...(batch === "" ? {} : { batch_id: batch }),
    ...(sort === "newest" ? {} : { sort }),
  };
}

/** Stretches of time up to now that a list can be narrowed to. */
export const AGES = {
  hour: { label: "Last hour", seconds: 3600 },
  day: { label: "Last 24 hours", seconds: 86_400 },
  week: { label: "Last 7 days", seconds: 7 * 86_400 },
  month: { label: "Last 30 days", seconds: 30 * 86_400 },
} as const;

/** All that the page of rollouts can be narrowed to; lists on other pages leave out what those pages themselves say. */
export const LIST_FILTERS = {
  ...FILTERS,
  task: parseAsString.withDefault(""),
  version: parseAsString.withDefault(""),
  tag: parseAsString.withDefault(""),
  environment: parseAsString.withDefault(""),
  age: parseAsStringLiteral(names(AGES)),
  since: parseAsString.withDefault(""),
  until: parseAsString.withDefault(""),
  min_seconds: parseAsFloat,
  max_seconds: parseAsFloat,
  min_cost: parseAsFloat,
  max_cost: parseAsFloat,
};

export type ListFilters = inferParserType<typeof LIST_FILTERS>;

export const NO_LIST_FILTERS: ListFilters = {
  ...NO_FILTERS,
  task: "",
  version: "",
  tag: "",
  environment: "",
  age: null,
  since: "",
  until: "",
  min_seconds: null,
  max_seconds: null,
  min_cost: null,
  max_cost: null,
};

const AGE_STEP_MS = 60_000; // so that the same choice asks for the same list for a while

/** What the server is asked for the page of rollouts at a moment (milliseconds of the epoch). */
export function listQueryOf(filters: ListFilters, now: number): RolloutQuery {
  const { task, version, tag, environment, age, since, until, min_seconds, max_seconds, min_cost, max_cost } = filters;
  const from = age === null ? since : sinceOf(age, now);
  const asked = { task_id: task, task_version: version, tag, environment, since: from, until };
  const bounds = { min_seconds, max_seconds, min_cost, max_cost };
  return {
    ...queryOf(filters),
    ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== "")),
    ...Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== null)),
  };
}

function sinceOf(age: keyof typeof AGES, now: number): string {
  const moment = now - AGES[age].seconds * 1000;
  return new Date(moment - (moment % AGE_STEP_MS)).toISOString();
}

/** How many filters narrow the page of rollouts. */
export function countListFilters(filters: ListFilters): number {
  return Object.keys(listQueryOf({ ...filters, sort: "newest" }, 0)).length;
}

/** How many filters narrow the list; the order narrows nothing. */
export function countFilters(filters: Filters): number {
  return Object.keys(queryOf({ ...filters, sort: "newest" })).length;
}
