import { IconRecycle } from "@tabler/icons-react";
import Link from "next/link";
import type { RolloutDetail } from "@/api/types";
import { Time } from "@/components/Time";
import classes from "./ReusedNote.module.css";

/** Says that a rollout was not executed, but answered by an identical one, and which one that is or was. */
export function ReusedNote({ rollout: { reused_from, origin } }: { rollout: RolloutDetail }) {
  if (reused_from === null) return null;
  return (
    <section className={classes.note} aria-label="Reused">
      <IconRecycle size={17} aria-hidden className={classes.icon} />
      <p>
        <strong>Reused.</strong> Nothing was executed: an identical rollout had completed before and answers for this
        one.{" "}
        {origin === null ? (
          <>
            That one, <code>{reused_from}</code>, has been deleted since, and its recording with it.
          </>
        ) : (
          <>
            What is played back is{" "}
            <Link href={`/rollout/?id=${encodeURIComponent(origin.id)}`} className={classes.origin}>
              {origin.id}
            </Link>
            , of <Time iso={origin.created_at} />.
          </>
        )}
      </p>
    </section>
  );
}
