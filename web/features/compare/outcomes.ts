/** What rollouts came to, as figures beside those of the baseline. */
import type { Evidence, Rollout } from "@/api/types";
import { cellText } from "@/features/rollout/evidence";
import { formatCost, formatDuration } from "@/lib/format";

export type Figure = { value: string; change: string | null };

/** `none`: what stands where there is no value. */
type Measure = {
  name: string;
  of: (rollout: Rollout) => number | null;
  inWords: (value: number) => string;
  none?: string;
};

const plain = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 3 });

export const MEASURES: readonly Measure[] = [
  { name: "Reward", of: ({ reward }) => reward, inWords: plain, none: "none" },
  { name: "Steps", of: ({ steps }) => steps, inWords: plain },
  { name: "Duration", of: ({ seconds }) => seconds, inWords: formatDuration, none: "not ended" },
  { name: "Tokens", of: ({ tokens }) => tokens, inWords: plain },
  { name: "Cost", of: ({ cost, model }) => (model === null ? 0 : cost), inWords: formatCost },
  { name: "Attempts", of: ({ attempt }) => attempt, inWords: plain },
];

/** A measure of each rollout; with how far it is from the first one's. */
export function figuresOf({ of, inWords, none = "unknown" }: Measure, rollouts: readonly Rollout[]): Figure[] {
  const values = rollouts.map(of);
  const [base = null] = values;
  return values.map((value, place) => {
    if (value === null) return { value: none, change: null };
    const change = place === 0 || base === null || value === base ? null : changeInWords(value - base, inWords);
    return { value: inWords(value), change };
  });
}

const changeInWords = (by: number, inWords: (value: number) => string) =>
  `${by > 0 ? "+" : "−"}${inWords(Math.abs(by))}`;

/** One field of the answers: what was expected of it, and the evidence of each rollout; null where a verdict says nothing of it. */
export type Field = { path: string; expected: string | null; pieces: readonly (Evidence | null)[] };

/** All fields that some verdict speaks of; those in which the rollouts differ first. */
export function fieldsOf(rollouts: readonly Rollout[]): Field[] {
  const tables = rollouts.map(({ verdict }) => new Map(verdict?.evidence.map((piece) => [piece.path, piece])));
  const paths = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  const fields = paths.map((path) => {
    const pieces = tables.map((table) => table.get(path) ?? null);
    const expected = pieces.map((piece) => piece && cellText(piece, "expected")).find((text) => text !== null) ?? null;
    return { path, expected, pieces };
  });
  return fields.sort((left, right) => Number(differs(right)) - Number(differs(left)));
}

/** Whether the rollouts that have a verdict do not all have the same in a field. */
export function differs({ pieces }: Field): boolean {
  const found = pieces.filter((piece) => piece !== null).map((piece) => `${piece.verdict} ${cellText(piece, "got")}`);
  return new Set(found).size > 1;
}
