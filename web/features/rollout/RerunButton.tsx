"use client";

import { Button } from "@mantine/core";
import { IconRepeat } from "@tabler/icons-react";
import { parseAsInteger, parseAsString, useQueryStates } from "nuqs";
import { failureOf } from "@/api/problem";
import type { Rollout } from "@/api/types";
import classes from "./RerunButton.module.css";
import { useRerun } from "./useRerun";

/** Which rollout the page shows, and which moment of it. */
const PLACE = { id: parseAsString, step: parseAsInteger, attempt: parseAsInteger };

/** Starts a new rollout like this one, and goes to its page. */
export function RerunButton({ rollout }: { rollout: Rollout }) {
  const [, goTo] = useQueryStates(PLACE, { history: "push" });
  const rerun = useRerun();
  const start = () => rerun.mutate(rollout, { onSuccess: ({ id }) => goTo({ id, step: null, attempt: null }) });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconRepeat size={14} />}
        loading={rerun.isPending}
        onClick={start}
        title="a new rollout of the task’s newest version, with the same agent, parameters, seed and limits"
      >
        Run again
      </Button>
      {rerun.error !== null && (
        <p role="alert" className={classes.error}>
          {failureOf(rerun.error).detail}
        </p>
      )}
    </>
  );
}
