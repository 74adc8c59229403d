// biome-ignore-all lint/a11y/useSemanticElements: rows that are not in sight are not there, which no <table> allows
// biome-ignore-all lint/a11y/useFocusableInteractive: what is in a row is focusable
"use client";

import { ActionIcon } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import Link from "next/link";
import { type CSSProperties, memo } from "react";
import { isMissing } from "@/api/problem";
import type { Rollout, RolloutQuery } from "@/api/types";
import { Time } from "@/components/Time";
import { formatCost } from "@/lib/format";
import { Duration, Gist } from "../Gist";
import { rolloutHref } from "../href";
import { OutcomeBadge } from "../OutcomeBadge";
import classes from "./RolloutTable.module.css";
import { useRow } from "./useRolloutPages";

type Props = {
  rollout: Rollout;
  /** The one that it stands in. */
  list: RolloutQuery;
  readAt: number;
  index: number;
  style: CSSProperties;
  selected: boolean;
  onToggle: (rollout: Rollout) => void;
  onPeek: (id: string) => void;
};

/** One rollout. All of the row opens it; Space, or the eye, only shows it beside the list. */
export const RolloutRow = memo(function RolloutRow({
  rollout: read,
  list,
  readAt,
  index,
  style,
  selected,
  onToggle,
  onPeek,
}: Props) {
  const row = useRow(read, readAt);
  const rollout = row.data;
  const gone = isMissing(row.error);
  const who = rollout.model === null ? rollout.agent : `${rollout.agent} · ${rollout.model}`;
  const name = `${rollout.task_id}, ${who}`;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      data-selected={selected || undefined}
      data-gone={gone || undefined}
      className={classes.row}
      style={style}
    >
      <span role="cell" className={classes.check}>
        <input type="checkbox" aria-label={`Select ${name}`} checked={selected} onChange={() => onToggle(rollout)} />
      </span>
      <span role="cell" data-column="Outcome">
        {gone ? "Deleted" : <OutcomeBadge rollout={rollout} />}
      </span>
      <span role="cell" data-column="Task">
        <Link
          href={rolloutHref(rollout.id, list)}
          className={classes.link}
          title={rollout.task_id}
          prefetch={false}
          onKeyDown={(event) => {
            if (event.key !== " ") return;
            event.preventDefault();
            onPeek(rollout.id);
          }}
        >
          <bdi>{rollout.task_id}</bdi>
        </Link>
      </span>
      <span role="cell" data-column="Agent" title={who}>
        <bdi>{rollout.model ?? rollout.agent}</bdi>
      </span>
      <span role="cell" data-column="Answer or error">
        <Gist rollout={rollout} />
      </span>
      <span role="cell" data-column="Steps">
        {rollout.steps}
      </span>
      <span role="cell" data-column="Duration">
        <Duration rollout={rollout} />
      </span>
      <span role="cell" data-column="Cost">
        {rollout.cost === null ? "–" : formatCost(rollout.cost)}
      </span>
      <span role="cell" data-column="Queued">
        <Time iso={rollout.created_at} />
      </span>
      <span role="cell" className={classes.peek}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={26}
          aria-label={`Peek at ${name}`}
          onClick={() => onPeek(rollout.id)}
        >
          <IconEye size={16} />
        </ActionIcon>
      </span>
    </div>
  );
});
