/** What is filled in to start a batch, and what that asks the server for. */
import type { BatchRequest, RolloutLimits, TaskSummary } from "@/api/types";

/** A batch about which nothing more was decided than its tasks and agents. */
export const NEW_BATCH = {
  repeats: 1,
  seed: 0,
  tags: [],
  priority: 0,
  limits: {},
  budget: {},
  max_attempts: 3,
  reuse: false,
};

export const MOST_ROLLOUTS = 10_000;

export type AgentRow = { key: number; agent: string | null; model: string };

export type BatchForm = {
  from: "all" | "tags" | "chosen";
  taskTags: ReadonlySet<string>;
  chosen: ReadonlySet<string>;
  agents: readonly AgentRow[];
  repeats: number;
  name: string;
  tags: string;
  priority: number;
  limits: RolloutLimits;
  maxAttempts: number;
  seed: number;
  reuse: boolean;
};

export function newForm(chosen: readonly string[], agent: string | null): BatchForm {
  return {
    from: chosen.length > 0 ? "chosen" : "all",
    taskTags: new Set(),
    chosen: new Set(chosen),
    agents: [{ key: 0, agent, model: "" }],
    repeats: 1,
    name: "",
    tags: "",
    priority: 0,
    limits: {},
    maxAttempts: NEW_BATCH.max_attempts,
    seed: 0,
    reuse: false,
  };
}

/** The ids of the tasks that the form stands for, in the tasks' own order. */
export function taskIdsOf({ from, taskTags, chosen }: BatchForm, tasks: readonly TaskSummary[]): string[] {
  const wanted = (task: TaskSummary) => {
    if (from === "all") return true;
    return from === "tags" ? task.tags.some((tag) => taskTags.has(tag)) : chosen.has(task.id);
  };
  return tasks.filter(wanted).map(({ id }) => id);
}

/** How many rollouts that is. */
export function countRollouts(form: BatchForm, tasks: readonly TaskSummary[]): number {
  return taskIdsOf(form, tasks).length * form.agents.length * form.repeats;
}

/** Tags that were written one after another, with commas between them; none twice. */
export function splitTags(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim());
  return [...new Set(tags.filter(Boolean))];
}

export function requestOf(form: BatchForm, tasks: readonly TaskSummary[]): BatchRequest {
  return {
    task_ids: taskIdsOf(form, tasks),
    agents: form.agents.map(({ agent, model }) => ({ agent: agent ?? "", model: model.trim() || null })),
    repeats: form.repeats,
    seed: form.seed,
    name: form.name.trim() || null,
    tags: splitTags(form.tags),
    priority: form.priority,
    limits: form.limits,
    budget: {},
    max_attempts: form.maxAttempts,
    reuse: form.reuse,
  };
}

/** Tags of tasks with how many tasks have each, most of them first. */
export function tagsOf(tasks: readonly TaskSummary[]): { tag: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const tag of tasks.flatMap((task) => task.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .map(([tag, count]) => ({ tag, count }))
    .sort((a, b) => b.count - a.count || a.tag.localeCompare(b.tag));
}
