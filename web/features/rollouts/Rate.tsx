import type { Counts } from "@/api/types";
import { formatRate } from "@/lib/format";
import { leftOut, rateInWords } from "./outcome";
import classes from "./Rate.module.css";

/** A success rate, never without how many rollouts it leaves out. */
export function Rate({ counts }: { counts: Counts }) {
  const out = leftOut(counts);
  const words = rateInWords(counts);
  return (
    <span className={classes.rate} title={words}>
      <span className="visually-hidden">{words}</span>
      <span aria-hidden className={counts.success_rate === null ? classes.none : classes.value}>
        {counts.success_rate === null ? "–" : formatRate(counts.success_rate)}
      </span>
      <span aria-hidden className={classes.of}>
        {counts.completed > 0 && `${grouped(counts.succeeded)}/${grouped(counts.completed)}`}
        {out !== null && ` · ${grouped(out.count)} left out`}
      </span>
    </span>
  );
}

const grouped = (count: number) => count.toLocaleString("en-US");
