"use client";

import { IconUserQuestion } from "@tabler/icons-react";
import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { usePeople } from "@/api/people";
import { formatCount } from "@/lib/format";
import classes from "./PeopleNotice.module.css";

/** What waits for a person now: the first rollout of it, and how much there is. */
export function useWaiting() {
  const { data } = usePeople();
  const questions = data?.questions ?? [];
  const awaited = data?.takeovers.filter(({ state }) => state === "awaited") ?? [];
  const first = questions[0] ?? awaited[0];
  return { questions: questions.length, awaited: awaited.length, first: first?.rollout_id ?? null };
}

/** Says on every page that rollouts wait for a person, and leads there. */
export function PeopleNotice() {
  const { questions, awaited, first } = useWaiting();
  const page = usePathname();
  const watched = useSearchParams().get("watch");
  const words = [
    questions > 0 && `${formatCount(questions, "question")} ${questions === 1 ? "waits" : "wait"} for an answer`,
    awaited > 0 && `${formatCount(awaited, "rollout")} ${awaited === 1 ? "waits" : "wait"} for a person to act`,
  ].filter(Boolean);
  return (
    <div role="status">
      {first !== null && !(page === "/live/" && watched === first) && (
        <div className={classes.notice}>
          <IconUserQuestion size={16} aria-hidden />
          <span>{words.join(", ")}.</span>
          <Link href={`/live/?watch=${first}`} className={classes.link} prefetch={false}>
            {questions > 0 ? "Answer" : "Act"}
          </Link>
        </div>
      )}
    </div>
  );
}

/** How much waits for a person, beside the name of the place where it is done. */
export function WaitingCount() {
  const { questions, awaited } = useWaiting();
  const count = questions + awaited;
  if (count === 0) return null;
  return (
    <span className={classes.count}>
      <span aria-hidden>{count}</span>
      <span className="visually-hidden"> ({count} waiting for a person)</span>
    </span>
  );
}
