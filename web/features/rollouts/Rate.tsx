import type { Counts, Interval } from "@/api/types";
import { formatRate } from "@/lib/format";
import { leftOut, rateInWords } from "./outcome";
import classes from "./Rate.module.css";

type Props = { counts: Counts; interval?: Interval | null };

/** A success rate, never without how many rollouts it leaves out; with the interval that it is in, where that is known. */
export function Rate({ counts, interval = null }: Props) {
  const out = leftOut(counts);
  const between = interval === null ? null : `${formatRate(interval.low)}–${formatRate(interval.high)}`;
  const words = rateInWords(counts) + (between === null ? "" : `; 95 % interval ${between}`);
  return (
    <span className={classes.rate} title={words}>
      <span className="visually-hidden">{words}</span>
      <span aria-hidden className={counts.success_rate === null ? classes.none : classes.value}>
        {counts.success_rate === null ? "–" : formatRate(counts.success_rate)}
      </span>
      {between !== null && (
        <span aria-hidden className={classes.of}>
          {between}
        </span>
      )}
      <span aria-hidden className={classes.of}>
        {counts.completed > 0 && `${grouped(counts.succeeded)}/${grouped(counts.completed)}`}
        {out !== null && ` · ${grouped(out.count)} left out`}
      </span>
    </span>
  );
}

const grouped = (count: number) => count.toLocaleString("en-US");
