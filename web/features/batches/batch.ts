/** A batch in words: how it stands, what its bar shows, how long it will take. */
import type { AgentChoice, Batch, BatchCounts, BatchDeleted, RolloutLimits } from "@/api/types";
import type { Tone } from "@/features/rollouts/outcome";
import { formatBytes, formatCost, formatCount, formatDuration, formatEstimate, formatRate } from "@/lib/format";
import { compactJson } from "@/lib/text";

export type BatchState = {
  name: "ended" | "paused" | "running" | "waiting";
  label: string;
  tone: Tone;
  meaning: string;
};

const ENDED: BatchState = { name: "ended", label: "Ended", tone: "cancelled", meaning: "all its rollouts have ended" };
const PAUSED: BatchState = {
  name: "paused",
  label: "Paused",
  tone: "wrong",
  meaning: "nothing more of it is begun until it is resumed",
};
const RUNNING: BatchState = {
  name: "running",
  label: "Running",
  tone: "live",
  meaning: "workers execute its rollouts",
};
const WAITING: BatchState = {
  name: "waiting",
  label: "Waiting",
  tone: "waiting",
  meaning: "none of its rollouts is being executed now",
};

export function batchState({ paused, counts }: Pick<Batch, "paused" | "counts">): BatchState {
  if (counts.live === 0) return ENDED;
  if (paused) return PAUSED;
  return counts.claimed > 0 ? RUNNING : WAITING;
}

export const batchTitle = ({ name, id }: Pick<Batch, "name" | "id">): string => name ?? `Batch ${id.slice(-8)}`;

export const batchHref = (id: string): string => `/batch/?id=${encodeURIComponent(id)}`;

/** A part of a batch's progress bar, in rollouts. */
export type Segment = { part: "success" | "wrong" | "failed" | "cancelled" | "claimed"; count: number; words: string };

/** The parts of a batch's progress bar in order; what is missing to the total waits. */
export function segmentsOf(counts: BatchCounts): Segment[] {
  const wrong = counts.completed - counts.succeeded;
  const all: Segment[] = [
    { part: "success", count: counts.succeeded, words: "success" },
    { part: "wrong", count: wrong, words: "wrong" },
    { part: "failed", count: counts.failed, words: "failed" },
    { part: "cancelled", count: counts.cancelled, words: "cancelled" },
    { part: "claimed", count: counts.claimed, words: "in progress" },
  ];
  return all.filter(({ count }) => count > 0);
}

/** A batch's progress, read out. */
export function progressInWords(counts: BatchCounts): string {
  const waiting = counts.live - counts.claimed;
  const parts = segmentsOf(counts).map(({ count, words }) => `${count} ${words}`);
  if (waiting > 0) parts.push(`${waiting} waiting`);
  return `${counts.total - counts.live} of ${formatCount(counts.total, "rollout")} ended: ${parts.join(", ")}`;
}

/** How long a batch will still take; null where it has ended or nothing can be said yet. */
export function timeLeft({ paused, counts, eta_seconds }: Pick<Batch, "paused" | "counts" | "eta_seconds">) {
  if (counts.live === 0 || eta_seconds === null || (paused && counts.claimed === 0)) return null;
  return formatEstimate(eta_seconds);
}

export function choiceInWords({ agent, model, parameters }: AgentChoice): string {
  const given = parameters !== undefined && Object.keys(parameters).length > 0 ? ` ${compactJson(parameters, 80)}` : "";
  return `${agent}${model ? ` · ${model}` : ""}${given}`;
}

/** The names of the limits that its rollouts are under, each once: of models, and of agents that have none. */
export function quotasOf({ agents }: Pick<Batch, "agents">): string[] {
  return [...new Set(agents.map(({ agent, model }) => model || agent))];
}

type Spending = Pick<Batch, "tokens" | "cost" | "budget">;

/** What its attempts took that have ended. */
export function spentInWords({ tokens, cost }: Pick<Spending, "tokens" | "cost">): string {
  return tokens === 0
    ? "nothing"
    : `${cost === null ? "cost unknown" : formatCost(cost)}, ${formatCount(tokens, "token")}`;
}

/** What it may take, and how much of that it took. */
export function budgetInWords({ tokens, cost, budget }: Spending): string {
  const share = (spent: number, limit: number) => formatRate(spent / limit);
  const parts = [
    ...(budget.cost == null
      ? []
      : [`${formatCost(budget.cost)} (${cost === null ? "spent: not known" : `${share(cost, budget.cost)} spent`})`]),
    ...(budget.tokens == null
      ? []
      : [`${formatCount(budget.tokens, "token")} (${share(tokens, budget.tokens)} spent)`]),
  ];
  return parts.length === 0 ? "no limit" : parts.join(", ");
}

const LIMIT_WORDS: readonly (readonly [keyof RolloutLimits, (value: number) => string])[] = [
  ["steps", (value) => formatCount(value, "step")],
  ["tokens", (value) => formatCount(value, "token")],
  ["stall_steps", (value) => `a hint after ${formatCount(value, "step")} alike`],
  ["provision_seconds", (value) => `${formatDuration(value)} for the environment`],
  ["browser_seconds", (value) => `${formatDuration(value)} for the browser`],
  ["agent_seconds", (value) => `${formatDuration(value)} to act in`],
  ["verify_seconds", (value) => `${formatDuration(value)} to verify`],
  ["total_seconds", (value) => `${formatDuration(value)} until the agent must stop`],
];

/** The limits that were set for a batch; the others are the tasks' own. */
export function limitsInWords(limits: RolloutLimits): string[] {
  return LIMIT_WORDS.flatMap(([name, inWords]) => {
    const value = limits[name];
    return value == null ? [] : [inWords(value)];
  });
}

export function removedInWords({ rollouts, attempts, steps, freed_bytes }: BatchDeleted): string {
  const parts = [formatCount(rollouts, "rollout"), formatCount(attempts, "attempt"), formatCount(steps, "step")];
  return `${parts.join(", ")} and ${formatBytes(freed_bytes)} of files were removed.`;
}
