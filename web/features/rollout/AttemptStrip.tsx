"use client";

import { Skeleton } from "@mantine/core";
import Link from "next/link";
import type { useAttempts } from "@/api/queries";
import type { Attempt, Rollout } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import classes from "./AttemptStrip.module.css";
import { attemptInWords, endInFull, endInWords } from "./attempt";

type Props = { rollout: Rollout; query: ReturnType<typeof useAttempts>; shown: Attempt | null };

/** Which attempt of a rollout is shown, and how to come to the others; nothing for a rollout in its first attempt. */
export function AttemptStrip({ rollout, query, shown }: Props) {
  const standing = attemptInWords(rollout);
  if (standing === null) return null;
  if (query.error !== null && query.data === undefined) {
    return <FailureNote title="The attempts could not be loaded" error={query.error} onRetry={() => query.refetch()} />;
  }
  const earlier = query.data?.attempts.filter(({ present }) => !present);
  return (
    <nav className={classes.strip} aria-label="Attempts" data-earlier={shown !== null || undefined}>
      <p className={classes.standing}>
        {shown === null ? standing : `You see attempt ${shown.number}, which ended without deciding the rollout`}
      </p>
      <ul className={classes.attempts}>
        {earlier === undefined
          ? Array.from({ length: rollout.attempt - 1 }, (_unused, position) => position + 1).map((number) => (
              <li key={number}>
                <Skeleton width={220} height={24} />
              </li>
            ))
          : earlier.map((attempt) => (
              <li key={attempt.number}>
                <AttemptLink rollout={rollout} attempt={attempt} current={attempt.number === shown?.number} />
              </li>
            ))}
        <li>
          <Link
            href={hrefOf(rollout)}
            className={classes.attempt}
            aria-current={shown === null ? "true" : undefined}
            scroll={false}
          >
            Attempt {rollout.attempt}
          </Link>
        </li>
      </ul>
      {shown?.errors.length === 0 && <p className={classes.why}>{endInFull(shown)}</p>}
    </nav>
  );
}

function AttemptLink({ rollout, attempt, current }: { rollout: Rollout; attempt: Attempt; current: boolean }) {
  return (
    <Link
      href={hrefOf(rollout, attempt)}
      className={classes.attempt}
      aria-current={current ? "true" : undefined}
      title={endInFull(attempt)}
      scroll={false}
    >
      Attempt {attempt.number}
      <span className={classes.end} data-failed={attempt.errors.length > 0 || undefined}>
        {endInWords(attempt)}
      </span>
    </Link>
  );
}

const hrefOf = (rollout: Rollout, attempt?: Attempt) =>
  `/rollout/?id=${encodeURIComponent(rollout.id)}${attempt ? `&attempt=${attempt.number}` : ""}`;
