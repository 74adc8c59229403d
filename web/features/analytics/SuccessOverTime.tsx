import type { DaySuccess, SuccessByDay } from "@/api/types";
import { type Narrowing, rolloutsHref } from "@/features/rollouts/href";
import { leftOut } from "@/features/rollouts/outcome";
import { formatDay } from "@/lib/format";
import { RateChart, type Tick } from "./chart/RateChart";
import { type Mark, MOST_SERIES, type Series } from "./chart/series";
import { between, nameOf } from "./scope";
import tables from "./Table.module.css";

type Props = { days: SuccessByDay; within: Narrowing };

/** Success by the day on which rollouts were queued, a line for each agent and model. */
export function SuccessOverTime({ days, within }: Props) {
  const place = placesOf(days.days.map(({ day }) => day));
  const byWeight = [...days.contestants].sort((left, right) => weight(right.days) - weight(left.days));
  const shown = byWeight.slice(0, MOST_SERIES);
  const series: Series[] = shown.map((who) => ({
    name: nameOf(who),
    marks: who.days.flatMap((day) => markOf(day, place, { ...within, agent: who.agent, model: who.model })),
  }));
  const ticks: Tick[] = days.days.map(({ day }) => ({ place: place(day), label: formatDay(day) }));
  return (
    <>
      <RateChart label="Success by day" across="day of queueing (UTC)" series={series} ticks={ticks} />
      {byWeight.length > shown.length && (
        <p className={tables.note}>
          The {MOST_SERIES} with the most completed rollouts of {byWeight.length}; narrow the page to see others.
        </p>
      )}
    </>
  );
}

function placesOf(days: readonly string[]): (day: string) => number {
  const positions = new Map(days.map((day, position) => [day, position]));
  return (day) => (days.length < 2 ? 0.5 : (positions.get(day) ?? 0) / (days.length - 1));
}

const weight = (days: readonly DaySuccess[]) => days.reduce((sum, { completed }) => sum + completed, 0);

function markOf(day: DaySuccess, place: (day: string) => number, within: Narrowing): Mark[] {
  if (day.rate === null) return [];
  const out = leftOut(day.left_out);
  return [
    {
      place: place(day.day),
      label: formatDay(day.day),
      rate: day.rate,
      low: day.interval?.low ?? null,
      high: day.interval?.high ?? null,
      basis: `${day.succeeded} of ${day.completed} completed${out === null ? "" : `; left out: ${out.reasons}`}`,
      href: rolloutsHref({ ...within, ...between(day.day, day.day) }),
    },
  ];
}
