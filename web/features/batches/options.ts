/** What rollouts are started with beside their tasks: decided once, and kept by the browser for the next time. */

import { useLocalStorage } from "@mantine/hooks";
import type { Agent, BatchRequest, Budget, KnownModel, RolloutLimits } from "@/api/types";

export type Parameters = Readonly<Record<string, unknown>>;

/** Who reads answers that are not written as asked. */
export type Reader = { by: "server" | "nobody" | "model"; provider: string; model: string };

export type Options = {
  /** The agent used last; "" for none yet. */
  agent: string;
  /** The model chosen for each agent, where that is not the first one that is known. */
  models: Readonly<Record<string, string>>;
  parameters: Readonly<Record<string, Parameters>>;
  limits: RolloutLimits;
  budget: Budget;
  reader: Reader;
  maxAttempts: number;
  reuse: boolean;
};

export const USUAL: Options = {
  agent: "",
  models: {},
  parameters: {},
  limits: {},
  budget: {},
  reader: { by: "server", provider: "", model: "" },
  maxAttempts: 3,
  reuse: false,
};

/** The options used last, and what keeps others. */
export function useOptions() {
  return useLocalStorage<Options>({
    key: "rolldeck-options",
    defaultValue: USUAL,
    getInitialValueInEffect: false,
    deserialize: readOptions,
  });
}

/** What is stored may be of another version, or of anybody: only what is understood counts. */
export function readOptions(text: string | undefined): Options {
  const found = objectIn(parsed(text));
  const reader = objectIn(found.reader);
  return {
    agent: textIn(found.agent),
    models: only(objectIn(found.models), (value): value is string => typeof value === "string"),
    parameters: only(objectIn(found.parameters), isObject),
    limits: only(objectIn(found.limits), isNumber) as RolloutLimits,
    budget: only(objectIn(found.budget), isNumber) as Budget,
    reader: {
      by: reader.by === "nobody" || reader.by === "model" ? reader.by : "server",
      provider: textIn(reader.provider),
      model: textIn(reader.model),
    },
    maxAttempts: isNumber(found.maxAttempts) ? found.maxAttempts : USUAL.maxAttempts,
    reuse: found.reuse === true,
  };
}

/** In words, what of the options an agent's rollouts would have that is not as usual. */
export function unusual(options: Options, agent: string): string[] {
  const { limits, budget, reader, maxAttempts, reuse } = options;
  return [
    ...Object.keys(options.parameters[agent] ?? {}).map((name) => labelOf(name).toLowerCase()),
    ...Object.keys(given(limits)).map((name) => `limit of ${labelOf(name).toLowerCase()}`),
    ...Object.keys(given(budget)).map((name) => `budget of ${labelOf(name).toLowerCase()}`),
    ...(reader.by === "server" ? [] : ["who reads answers"]),
    ...(maxAttempts === USUAL.maxAttempts ? [] : ["attempts"]),
    ...(reuse ? ["reuse"] : []),
  ];
}

/** `max_output_tokens` as people read it. */
export function labelOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The models that an agent is known to ask, the usual one first. */
export function modelsOf(agent: string | null, models: readonly KnownModel[]): KnownModel[] {
  return models.filter((model) => model.agent === agent);
}

/** The model that is asked: the one that was named, else the first that is known; null for an agent without any. */
export function modelAsked(agent: Agent | undefined, named: string, models: readonly KnownModel[]): string | null {
  if (agent?.parameters == null) return null;
  return named.trim() || (modelsOf(agent.name, models)[0]?.id ?? null);
}

/** The fields of a request that the options decide; who reads answers is left out where the server decides that. */
export function requestedWith(options: Pick<Options, "limits" | "budget" | "reader" | "maxAttempts" | "reuse">) {
  const { by, provider, model } = options.reader;
  const extraction = by === "model" ? { provider, model: model.trim() } : null;
  return {
    limits: options.limits,
    budget: options.budget,
    max_attempts: options.maxAttempts,
    reuse: options.reuse,
    ...(by === "server" ? {} : { extraction }),
  } satisfies Partial<BatchRequest>;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objectIn = (value: unknown) => (isObject(value) ? value : {});
const textIn = (value: unknown) => (typeof value === "string" ? value : "");

function only<T>(values: Record<string, unknown>, fits: (value: unknown) => value is T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, T] => fits(entry[1])));
}

function given(values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
}
