import type { PassCurve } from "@/api/types";
import { type Narrowing, rolloutsHref } from "@/features/rollouts/href";
import { formatCount } from "@/lib/format";
import { RateChart, type Tick } from "./chart/RateChart";
import { MOST_SERIES, type Series } from "./chart/series";
import { nameOf } from "./scope";
import tables from "./Table.module.css";

type Props = { curves: readonly PassCurve[]; within: Narrowing };

/** pass@k: how likely at least one of k rollouts of a task succeeds, a line for each agent and model. */
export function PassAtK({ curves, within }: Props) {
  const shown = [...curves].sort((left, right) => tasksOf(right) - tasksOf(left)).slice(0, MOST_SERIES);
  const counts = [...new Set(shown.flatMap(({ points }) => points.map(({ k }) => k)))].sort((a, b) => a - b);
  const place = placesOf(counts);
  const series: Series[] = shown.map((curve) => ({
    name: nameOf(curve),
    marks: curve.points.map(({ k, estimate, interval, tasks, too_few }) => ({
      place: place(k),
      label: `k = ${k}`,
      rate: estimate,
      low: interval?.low ?? null,
      high: interval?.high ?? null,
      basis: `${formatCount(tasks, "task")}${too_few > 0 ? `; ${too_few} others have fewer than ${k} rollouts` : ""}`,
      href: rolloutsHref({ ...within, agent: curve.agent, model: curve.model, outcome: "completed" }),
    })),
  }));
  const ticks: Tick[] = counts.map((k) => ({ place: place(k), label: `${k}` }));
  return (
    <>
      <RateChart label="pass@k by agent and model" across="k rollouts of a task" series={series} ticks={ticks} />
      <p className={tables.note}>
        Unbiased, the mean over the tasks with at least k completed rollouts; intervals draw whole tasks.
        {curves.length > shown.length && ` The ${MOST_SERIES} with the most tasks of ${curves.length}.`}
      </p>
    </>
  );
}

const tasksOf = ({ points }: PassCurve) => points[0]?.tasks ?? 0;

/** Each doubling is as far as the one before. */
function placesOf(counts: readonly number[]): (k: number) => number {
  const last = Math.log2(counts.at(-1) ?? 1);
  return (k) => (last === 0 ? 0.5 : Math.log2(k) / last);
}
