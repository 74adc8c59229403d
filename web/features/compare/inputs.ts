/** What rollouts were made from: what all have in common, and what tells them apart. */
import type { Batch, Rollout } from "@/api/types";

export type Input = { name: string; values: readonly string[] };

export type Inputs = { constants: readonly Input[]; variables: readonly Input[] };

/** `batches`: that of each rollout, undefined while it is not known. */
export function inputsOf(rollouts: readonly Rollout[], batches: readonly (Batch | undefined)[]): Inputs {
  const tables = rollouts.map((rollout, place) => tableOf(rollout, batches[place]));
  const names = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  const inputs = names.map((name) => ({ name, values: tables.map((table) => table.get(name) ?? "–") }));
  const isConstant = ({ values }: Input) => values.every((value) => value === values[0]);
  return { constants: inputs.filter(isConstant), variables: inputs.filter((input) => !isConstant(input)) };
}

function tableOf(rollout: Rollout, batch: Batch | undefined): Map<string, string> {
  const { task_id, task_version, agent, model, seed, template, parameters } = rollout;
  return new Map([
    ["Task", task_id],
    ["Task version", task_version],
    ["Agent", agent],
    ["Model", model ?? "none"],
    ...entriesOf("Parameter", parameters),
    ["Seed", String(seed)],
    ["Template", template ?? "none"],
    ["Batch", rollout.batch_id],
    ...entriesOf("Limit", batch?.limits ?? {}),
  ]);
}

const entriesOf = (what: string, table: object) =>
  Object.entries(table)
    .filter(([, value]) => value !== null)
    .map(([name, value]): [string, string] => [
      `${what}: ${name}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
