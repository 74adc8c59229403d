"use client";

import { Select } from "@mantine/core";
import { useState } from "react";
import { useRollouts } from "@/api/queries";
import { outcomeOf } from "@/features/rollouts/outcome";
import { formatMoment } from "@/lib/format";

/** Ids as Rolldeck makes them: so many letters and digits. */
const WHOLE_ID = /^[0-9a-z]{26}$/;

type Props = { taskId: string; taken: readonly string[]; onAdd: (id: string) => void };

/** Adds one of the task's newest rollouts, or any by its id. */
export default function AddRollout({ taskId, taken, onAdd }: Props) {
  const [typed, setTyped] = useState("");
  const { data } = useRollouts({ task_id: taskId });
  const others = (data?.pages.flatMap((page) => page.rollouts) ?? []).filter(({ id }) => !taken.includes(id));
  const choices = others.map((rollout) => ({
    value: rollout.id,
    label: `${outcomeOf(rollout).label} · ${rollout.model ?? rollout.agent} · ${formatMoment(rollout.created_at)} · ${rollout.id}`,
  }));
  const wanted = typed.trim().toLowerCase();
  const isOther = WHOLE_ID.test(wanted) && !taken.includes(wanted) && !others.some(({ id }) => id === wanted);
  return (
    <Select
      w={340}
      maw="100%"
      aria-label="Add a rollout"
      placeholder="Add a rollout of this task, or any by its id"
      data={isOther ? [...choices, { value: wanted, label: wanted }] : choices}
      value={null}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      nothingFoundMessage="None of its newest rollouts; paste the id of another"
      onChange={(id) => {
        if (id === null) return;
        onAdd(id);
        setTyped("");
      }}
    />
  );
}
