import type { ReactNode } from "react";
import type { Counts, Interval } from "@/api/types";
import classes from "./CountsStrip.module.css";
import type { Tone } from "./outcome";
import { Rate } from "./Rate";

type Figure = { name: string; value: ReactNode; tone?: Tone };

type Props = { counts: Counts; interval?: Interval | null; before?: readonly Figure[]; after?: readonly Figure[] };

/** Rollouts by outcome: right and wrong ones on one side, those without a verdict on the other. */
export function CountsStrip({ counts, interval = null, before = [], after = [] }: Props) {
  const figures: Figure[] = [
    ...before,
    { name: "Rollouts", value: counts.total },
    { name: "Success rate", value: <Rate counts={counts} interval={interval} /> },
    { name: "Success", value: counts.succeeded, tone: "success" },
    { name: "Wrong", value: counts.completed - counts.succeeded, tone: "wrong" },
    { name: "Failed", value: counts.failed, tone: "failed" },
    { name: "Cancelled", value: counts.cancelled, tone: "cancelled" },
    { name: "Live", value: counts.live, tone: "live" },
    ...after,
  ];
  return (
    <dl className={classes.strip}>
      {figures.map(({ name, value, tone }) => (
        <div key={name} className={classes.figure} data-tone={tone} data-zero={value === 0 || undefined}>
          <dt>{name}</dt>
          <dd>{typeof value === "number" ? value.toLocaleString("en-US") : value}</dd>
        </div>
      ))}
    </dl>
  );
}
