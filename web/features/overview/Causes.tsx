import Link from "next/link";
import type { Cause } from "@/api/types";
import { Time } from "@/components/Time";
import { rolloutHref, rolloutsHref } from "@/features/rollouts/href";
import { formatCount } from "@/lib/format";
import { shorten } from "@/lib/text";
import classes from "./Causes.module.css";

/** Why the newest failed rollouts failed, those with the same cause together. */
export function Causes({ causes }: { causes: readonly Cause[] }) {
  return (
    <ul className={classes.causes} aria-label="Newest failures by cause">
      {causes.map((cause) => (
        <li key={`${cause.error} ${cause.phase} ${cause.pattern}`} className={classes.cause}>
          <CauseLine cause={cause} />
          <Examples cause={cause} />
        </li>
      ))}
    </ul>
  );
}

function CauseLine({ cause }: { cause: Cause }) {
  const { error, phase, pattern, text, rollouts } = cause;
  return (
    <Link
      href={rolloutsHref({ outcome: "failed", error, q: text ?? undefined })}
      className={classes.line}
      prefetch={false}
    >
      <strong className={classes.count}>{rollouts.toLocaleString("en-US")}×</strong>
      <span className={classes.kind}>{error}</span>
      <span className={classes.phase}>{phase}</span>
      <bdi className={classes.pattern}>{shorten(pattern, 200) || "without a message"}</bdi>
    </Link>
  );
}

function Examples({ cause: { examples, tasks, agents, rollouts } }: { cause: Cause }) {
  const newest = examples[0];
  return (
    <p className={classes.examples}>
      {rollouts > 1 && `${formatCount(tasks, "task")}, ${formatCount(agents, "agent")} · `}
      {newest?.finished_at != null && (
        <>
          newest <Time iso={newest.finished_at} /> ·{" "}
        </>
      )}
      {examples.map((example, position) => (
        <span key={example.id}>
          {position > 0 && ", "}
          <Link href={rolloutHref(example.id)} className={classes.example} prefetch={false}>
            <bdi>{shorten(example.task_id, 24)}</bdi>
            <span className="visually-hidden"> by {example.model ?? example.agent}</span>
          </Link>
        </span>
      ))}
    </p>
  );
}
