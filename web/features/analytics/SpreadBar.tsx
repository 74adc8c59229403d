import type { Spread } from "@/api/types";
import classes from "./SpreadBar.module.css";

/** From the least value to what nine tenths do not exceed, with the median. Decorative: the numbers stand beside it. */
export function SpreadBar({ spread, largest }: { spread: Spread; largest: number }) {
  const percent = (value: number) => `${largest === 0 ? 0 : (Math.min(value, largest) / largest) * 100}%`;
  return (
    <span className={classes.bar} aria-hidden>
      <span
        className={classes.range}
        style={{ left: percent(spread.least), right: `calc(100% - ${percent(spread.p90)})` }}
      />
      <span className={classes.median} style={{ left: percent(spread.median) }} />
    </span>
  );
}
