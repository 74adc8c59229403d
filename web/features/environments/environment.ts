/** Environments in words: how a template stands, how far its build is, what a warm pool has. */
import type { Build, Environment, Occupied, Worker } from "@/api/types";
import type { Tone } from "@/features/rollouts/outcome";
import { shorten } from "@/lib/text";

export type TemplateState = {
  name: "built" | "missing" | "building" | "failed";
  label: string;
  tone: Tone;
  meaning: string;
};

const STATES: Record<TemplateState["name"], TemplateState> = {
  built: { name: "built", label: "Built", tone: "success", meaning: "environments are cloned from its template" },
  missing: { name: "missing", label: "Not built", tone: "waiting", meaning: "rollouts in it fail until it is built" },
  building: { name: "building", label: "Building", tone: "live", meaning: "its template is being built" },
  failed: { name: "failed", label: "Build failed", tone: "failed", meaning: "rollouts in it fail until it is built" },
};

export function templateState({ built, build }: Pick<Environment, "built" | "build">): TemplateState {
  if (build?.state === "running") return STATES.building;
  if (built) return STATES.built;
  return build?.state === "failed" ? STATES.failed : STATES.missing;
}

/** How much of a build is done, from 0 to 1; null before its first step. A step that cannot say counts as begun. */
export function progressOf({ step, steps, fraction }: Pick<Build, "step" | "steps" | "fraction">): number | null {
  if (step === null || steps === null || steps === 0) return null;
  return Math.min(1, (step - 1 + (fraction ?? 0)) / steps);
}

export function stepInWords({ step, steps, doing }: Pick<Build, "step" | "steps" | "doing">): string {
  return step === null
    ? "Begins: another build of it is waited for"
    : `Step ${step} of ${steps}: ${shorten(doing ?? "", 200)}`;
}

const LAST_LINES = 3;

/** The first line of an error, and the last of what a command had written; all of that is in the log. */
export function failureInWords(error: string): { what: string; last: string[] } {
  const [what = "", ...written] = error.split("\n").filter((line) => line.trim() !== "");
  return { what: shorten(what, 600), last: written.slice(-LAST_LINES).map((line) => shorten(line, 300)) };
}

/** What all warm pools have of one environment together; `inUse` of it are rollouts'. */
export type Shelf = {
  name: string;
  ready: number;
  making: number;
  target: number;
  demand: number;
  bytes: number;
  inUse: number;
};

export type Pools = { shelves: Shelf[]; bytes: number; budget: number };

/** The warm pools of all workers alive, with what rollouts have. */
export function poolsOf(workers: readonly Worker[], occupied: readonly Occupied[]): Pools {
  const alive = workers.filter((worker) => worker.alive);
  const shelves = new Map<string, Shelf>();
  const shelf = (name: string): Shelf => {
    const known = shelves.get(name) ?? { name, ready: 0, making: 0, target: 0, demand: 0, bytes: 0, inUse: 0 };
    shelves.set(name, known);
    return known;
  };
  for (const each of alive.flatMap((worker) => worker.report.pool.shelves)) {
    const sum = shelf(each.name);
    sum.ready += each.ready;
    sum.making += each.making;
    sum.target += each.target;
    sum.demand = Math.max(sum.demand, each.demand); // every worker is told of the same queue
    sum.bytes += each.ready * each.bytes_each;
  }
  for (const { environment } of occupied) shelf(environment).inUse += 1;
  const all = [...shelves.values()].sort((a, b) => a.name.localeCompare(b.name));
  return {
    shelves: all,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    budget: alive.reduce((sum, worker) => sum + worker.report.pool.budget_bytes, 0),
  };
}
