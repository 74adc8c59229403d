"use client";

import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import Link from "next/link";
import { createSerializer, parseAsInteger, parseAsString, useQueryStates } from "nuqs";
import type { ReactNode } from "react";
import { useNeighbours } from "@/api/queries";
import type { Rollout } from "@/api/types";
import { listOf } from "@/features/rollouts/query";
import { useShortcut } from "@/lib/useShortcut";
import classes from "./NeighbourLinks.module.css";

/** What of a rollout's address is kept on the way to another, and what is not. */
const PLACE = {
  id: parseAsString,
  list: parseAsString,
  tab: parseAsString,
  look: parseAsString,
  log: parseAsString,
  step: parseAsInteger,
  attempt: parseAsInteger,
};

const addressOf = createSerializer(PLACE);

/** The ways to the rollouts before and after one, in the list that it was opened from or else in that of its task. */
export function NeighbourLinks({ rollout }: { rollout: Rollout }) {
  const [place, goTo] = useQueryStates(PLACE, { history: "push" });
  const list = place.list === null ? { task_id: rollout.task_id } : listOf(place.list);
  const { data } = useNeighbours(rollout.id, list);
  const hrefTo = (id: string) => `/rollout/${addressOf({ ...place, id, step: null, attempt: null })}`;
  const open = (id: string | null | undefined) => {
    if (id) goTo({ id, step: null, attempt: null });
  };
  useShortcut("shift+left", () => open(data?.previous));
  useShortcut("shift+right", () => open(data?.following));
  if (data === undefined) return null;
  return (
    <span className={classes.neighbours}>
      <Neighbour id={data.previous} label="Rollout before in the list" hrefTo={hrefTo}>
        <IconChevronLeft size={15} aria-hidden />
      </Neighbour>
      <Neighbour id={data.following} label="Rollout after in the list" hrefTo={hrefTo}>
        <IconChevronRight size={15} aria-hidden />
      </Neighbour>
    </span>
  );
}

type NeighbourProps = { id: string | null; label: string; hrefTo: (id: string) => string; children: ReactNode };

function Neighbour({ id, label, hrefTo, children }: NeighbourProps) {
  if (id === null) {
    return (
      <span className={classes.neighbour} data-none>
        {children}
      </span>
    );
  }
  return (
    <Link href={hrefTo(id)} className={classes.neighbour} aria-label={label} title={`${label} (Shift ← →)`}>
      {children}
    </Link>
  );
}
