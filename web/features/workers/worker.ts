/** Workers in words. */
import type { Worker } from "@/api/types";
import type { Tone } from "@/features/rollouts/outcome";
import { formatCount, formatRate } from "@/lib/format";

export type WorkerStanding = {
  name: "working" | "blocked" | "draining" | "stopped" | "lost";
  label: string;
  tone: Tone;
  meaning: string;
};

const STANDINGS: Record<WorkerStanding["name"], WorkerStanding> = {
  working: { name: "working", label: "Working", tone: "success", meaning: "claims rollouts and executes them" },
  blocked: { name: "blocked", label: "Blocked", tone: "wrong", meaning: "claims nothing for now" },
  draining: {
    name: "draining",
    label: "Draining",
    tone: "live",
    meaning: "finishes what it executes, claims nothing more",
  },
  stopped: { name: "stopped", label: "Stopped", tone: "cancelled", meaning: "ended on purpose" },
  lost: {
    name: "lost",
    label: "Lost",
    tone: "failed",
    meaning: "stopped answering: its rollouts were given to others",
  },
};

export function standingOf({ state, report }: Pick<Worker, "state" | "report">): WorkerStanding {
  return STANDINGS[state === "working" && report.blocked !== null ? "blocked" : state];
}

/** The warm pool of a worker: what is ready, and how often something was when it was wanted. */
export function poolInWords({
  ready,
  hits,
  misses,
}: Pick<Worker["report"]["pool"], "ready" | "hits" | "misses">): string {
  const wanted = hits + misses;
  const found = wanted === 0 ? "" : `, ${formatRate(hits / wanted)} of ${wanted.toLocaleString("en-US")} did not wait`;
  return `${formatCount(ready, "environment")} ready${found}`;
}

/** Those alive before those that are gone, of these the newest first. */
export function sortWorkers(workers: readonly Worker[]): Worker[] {
  return [...workers].sort(
    (a, b) => Number(b.alive) - Number(a.alive) || (a.alive ? 1 : -1) * a.started_at.localeCompare(b.started_at),
  );
}
