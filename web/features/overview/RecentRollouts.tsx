import Link from "next/link";
import { useRollouts } from "@/api/queries";
import { rolloutsHref } from "@/features/rollouts/href";
import { RolloutCard } from "@/features/rollouts/RolloutCard";
import classes from "./Overview.module.css";

const SHOWN = 8;
const EVERYWHERE = {};

/** The rollouts that were queued last. */
export function RecentRollouts() {
  const { data } = useRollouts(EVERYWHERE);
  const newest = data?.pages[0]?.rollouts.slice(0, SHOWN) ?? [];
  if (newest.length === 0) return null;
  return (
    <section aria-label="Recent rollouts" className={classes.part}>
      <header className={classes.header}>
        <h2 className={classes.subtitle}>Recent rollouts</h2>
        <Link href={rolloutsHref({})} className={classes.more} prefetch={false}>
          All rollouts
        </Link>
      </header>
      <ul className={classes.cards}>
        {newest.map((rollout) => (
          <li key={rollout.id}>
            <RolloutCard rollout={rollout} showTask />
          </li>
        ))}
      </ul>
    </section>
  );
}
