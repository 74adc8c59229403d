"use client";

import { Button } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { usePeopleOf } from "@/api/people";
import type { Rollout } from "@/api/types";
import classes from "./PeopleBar.module.css";
import { QuestionCard } from "./QuestionCard";
import { WatchedRollout } from "./WatchedRollout";

/** On the page of a running rollout: what it asks persons, and the way to act in it. */
export function PeopleBar({ rollout }: { rollout: Rollout }) {
  const { questions, takeover } = usePeopleOf(rollout.id);
  const here = new URLSearchParams(useSearchParams());
  const page = usePathname();
  const watching = here.has("watch");
  here.set("watch", rollout.id);
  if (rollout.status !== "running" && !watching) return null;
  return (
    <>
      {!watching && questions.map((question) => <QuestionCard key={question.id} question={question} />)}
      <div className={classes.bar}>
        <Button
          component={Link}
          href={`${page}?${here}`}
          scroll={false}
          prefetch={false}
          variant="default"
          leftSection={<IconEye size={14} />}
        >
          {takeover?.is_agent ? "Act in this rollout" : "Watch and take over"}
        </Button>
        {takeover !== null && <span className={classes.words}>{WORDS[takeover.state]}</span>}
      </div>
      <WatchedRollout />
    </>
  );
}

const WORDS = {
  awaited: "It waits for a person to act.",
  asked: "A person wants the page: the agent ends its turn first.",
  held: "A person has the page.",
  ended: "",
} as const;
