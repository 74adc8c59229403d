import type { Interval } from "@/api/types";
import classes from "./RateBar.module.css";

type Props = { rate: number | null; interval: Interval | null };

/** A rate as a mark between 0 and 100 %, with its interval. Decorative: the numbers stand beside it. */
export function RateBar({ rate, interval }: Props) {
  return (
    <span className={classes.bar} aria-hidden>
      {interval !== null && (
        <span
          className={classes.interval}
          style={{ left: percent(interval.low), width: percent(interval.high - interval.low) }}
        />
      )}
      {rate !== null && <span className={classes.mark} style={{ left: percent(rate) }} />}
    </span>
  );
}

const percent = (share: number) => `${(share * 100).toFixed(2)}%`;
