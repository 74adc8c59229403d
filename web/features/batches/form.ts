/** What is filled in to start a batch, and what that asks the server for. */
import type { Agent, BatchRequest, Budget, KnownModel, RolloutLimits, TaskSummary } from "@/api/types";
import { modelAsked, type Options, type Parameters, type Reader, requestedWith, USUAL } from "./options";

export const MOST_ROLLOUTS = 10_000;

export type AgentRow = { key: number; agent: string | null; model: string; parameters: Parameters };

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
  budget: Budget;
  reader: Reader;
  maxAttempts: number;
  seed: number;
  reuse: boolean;
};

/** A form of some tasks, or of all where none is chosen, with the options that were used last. */
export function newForm(chosen: readonly string[], options: Options = USUAL, repeats = 1): BatchForm {
  return {
    from: chosen.length > 0 ? "chosen" : "all",
    taskTags: new Set(),
    chosen: new Set(chosen),
    agents: [rowOf(0, null, options)],
    repeats,
    name: "",
    tags: "",
    priority: 0,
    limits: options.limits,
    budget: options.budget,
    reader: options.reader,
    maxAttempts: options.maxAttempts,
    seed: 0,
    reuse: options.reuse,
  };
}

/** An agent as it was used last. */
export function rowOf(key: number, agent: string | null, { models, parameters }: Options): AgentRow {
  return { key, agent, model: models[agent ?? ""] ?? "", parameters: parameters[agent ?? ""] ?? {} };
}

/** The options for the next time: those of a form, of several agents the first one's. */
export function optionsOf(form: BatchForm, before: Options): Options {
  const models = { ...before.models };
  const parameters = { ...before.parameters };
  for (const row of [...form.agents].reverse()) {
    if (row.agent === null) continue;
    models[row.agent] = row.model.trim();
    parameters[row.agent] = row.parameters;
  }
  const { limits, budget, reader, maxAttempts, reuse } = form;
  return {
    agent: form.agents[0]?.agent ?? before.agent,
    models,
    parameters,
    limits,
    budget,
    reader,
    maxAttempts,
    reuse,
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

/** What agents and models are known: the one that is asked depends on that. */
export type Known = { agents: readonly Agent[]; models: readonly KnownModel[] };

export function requestOf(form: BatchForm, taskIds: readonly string[], { agents, models }: Known): BatchRequest {
  return {
    task_ids: [...taskIds],
    agents: form.agents.map(({ agent, model, parameters }) => ({
      agent: agent ?? "",
      model: modelAsked(
        agents.find(({ name }) => name === agent),
        model,
        models,
      ),
      parameters: { ...parameters },
    })),
    repeats: form.repeats,
    seed: form.seed,
    name: form.name.trim() || null,
    tags: splitTags(form.tags),
    priority: form.priority,
    ...requestedWith(form),
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
