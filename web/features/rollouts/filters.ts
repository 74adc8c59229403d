/** What a list of rollouts is narrowed to and how it is ordered: kept in the address, sent to the server. */
import { createSerializer, type inferParserType, parseAsString, parseAsStringLiteral } from "nuqs";
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

/** How many filters narrow the list; the order narrows nothing. */
export function countFilters(filters: Filters): number {
  return Object.keys(queryOf({ ...filters, sort: "newest" })).length;
}

export const filtersInAddress = createSerializer(FILTERS);
