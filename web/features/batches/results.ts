/** The success of a batch's agents and models, and of another batch's beside it. */
import type { AgentChoice } from "@/api/types";

type Interval = { low: number; high: number };

export type Contestant = {
  agent: string;
  model: string | null;
  rate: number | null;
  interval: Interval | null;
  succeeded: number;
  completed: number;
  left_out: { failed: number; cancelled: number };
};

export type Pair = { agent: string; model: string | null; mine: Contestant | null; theirs: Contestant | null };

/** An agent and model each with what it did in both: those of the batch first, in its order, then those of the other one alone. */
export function pairsOf(
  agents: readonly AgentChoice[],
  mine: readonly Contestant[],
  theirs: readonly Contestant[],
): Pair[] {
  const own = agents.map(({ agent, model }) => ({ agent, model: model ?? null }));
  const pairs = new Map<string, Pair>();
  for (const { agent, model } of [...own, ...mine, ...theirs]) {
    const key = JSON.stringify([agent, model]);
    if (!pairs.has(key)) pairs.set(key, { agent, model, mine: null, theirs: null });
  }
  for (const each of mine) Object.assign(pairs.get(keyOf(each)) ?? {}, { mine: each });
  for (const each of theirs) Object.assign(pairs.get(keyOf(each)) ?? {}, { theirs: each });
  return [...pairs.values()];
}

const keyOf = ({ agent, model }: Contestant): string => JSON.stringify([agent, model]);

/** How much better the batch did than the other one, in percentage points; and where that may be chance alone. */
export function pointsInWords({ mine, theirs }: Pair): string {
  if (mine?.rate == null || theirs?.rate == null) return "–";
  const points = Math.round(100 * (mine.rate - theirs.rate));
  const sign = points > 0 ? "+" : points < 0 ? "−" : "±";
  const words = `${sign}${Math.abs(points)} points`;
  return overlap(mine.interval, theirs.interval) ? `${words}; their intervals overlap` : words;
}

const overlap = (a: Interval | null, b: Interval | null): boolean =>
  a !== null && b !== null && a.low <= b.high && b.low <= a.high;
