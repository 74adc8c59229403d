"use client";

import { Skeleton } from "@mantine/core";
import Link from "next/link";
import type { PassCurve, Rollout } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { Panel } from "@/components/Panel";
import { rolloutHref, rolloutsHref } from "@/features/rollouts/href";
import { outcomeOf, type Tone } from "@/features/rollouts/outcome";
import { formatCount, formatRate } from "@/lib/format";
import classes from "./AttemptGrid.module.css";
import { type Contestant, contestantsOf, curveOf, MOST_IN_GRID } from "./grid";
import { usePassCurves, useTaskRollouts } from "./useTaskRollouts";

type Props = { taskId: string; version?: string };

/** Who tried the task, and what came of each try, as many as there are: a cell opens its rollout. */
export function AttemptGrid({ taskId, version }: Props) {
  const rollouts = useTaskRollouts(taskId, version);
  const curves = usePassCurves(taskId);
  if (rollouts.data === undefined) {
    return rollouts.error === null ? (
      <Skeleton height={90} role="status" aria-label="Loading the rollouts of the task" />
    ) : (
      <FailureNote title="The rollouts could not be loaded" error={rollouts.error} onRetry={() => rollouts.refetch()} />
    );
  }
  if (rollouts.data.length === 0) return null;
  const whole = version === undefined && rollouts.data.length < MOST_IN_GRID;
  return (
    <Panel title="Models and attempts" aside={<Legend />}>
      <ul className={classes.rows}>
        {contestantsOf(rollouts.data).map((contestant) => (
          <Row
            key={contestant.key}
            taskId={taskId}
            contestant={contestant}
            curve={version === undefined ? curveOf(curves.data, contestant) : null}
          />
        ))}
      </ul>
      {!whole && (
        <p className={classes.note}>
          {version === undefined
            ? `The newest ${MOST_IN_GRID.toLocaleString("en-US")} rollouts; pass@k counts all.`
            : "Rollouts of this version; pass@k is of all versions together, and so not shown."}
        </p>
      )}
    </Panel>
  );
}

type RowProps = { taskId: string; contestant: Contestant; curve: PassCurve | null };

function Row({ taskId, contestant: { agent, model, rollouts }, curve }: RowProps) {
  return (
    <li className={classes.row}>
      <div className={classes.who}>
        <Link
          href={rolloutsHref({ task: taskId, agent, model })}
          className={classes.name}
          title={model === null ? agent : `${agent} · ${model}`}
          prefetch={false}
        >
          <bdi>{model ?? agent}</bdi>
        </Link>
        <span className={classes.count}>{formatCount(rollouts.length, "rollout")}</span>
        {curve !== null && <PassAtK points={curve.points} />}
      </div>
      <ol className={classes.cells} aria-label={`Rollouts of ${model ?? agent}, the oldest first`}>
        {rollouts.map((rollout, place) => (
          <Cell key={rollout.id} rollout={rollout} number={place + 1} />
        ))}
      </ol>
    </li>
  );
}

function PassAtK({ points }: { points: PassCurve["points"] }) {
  return (
    <dl className={classes.points}>
      {points.map(({ k, estimate, interval }) => (
        <div key={k} title={`How likely at least one of ${formatCount(k, "rollout")} succeeds, with its 95 % interval`}>
          <dt>pass@{k}</dt>
          <dd>
            {formatRate(estimate)}
            {interval !== null && (
              <span className={classes.interval}>
                {" "}
                {formatRate(interval.low)}–{formatRate(interval.high)}
              </span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const MARKS: Record<Tone, string> = {
  success: "✓",
  wrong: "✗",
  failed: "!",
  cancelled: "–",
  live: "▸",
  waiting: "·",
};

function Cell({ rollout, number }: { rollout: Rollout; number: number }) {
  const { tone, label } = outcomeOf(rollout);
  return (
    <li>
      <Link
        href={rolloutHref(rollout.id)}
        className={classes.cell}
        data-tone={tone}
        aria-label={`${number}: ${label}`}
        title={`${number}: ${label}`}
        prefetch={false}
      >
        <span aria-hidden>{MARKS[tone]}</span>
      </Link>
    </li>
  );
}

function Legend() {
  const shown: [Tone, string][] = [
    ["success", "success"],
    ["wrong", "wrong"],
    ["failed", "failed"],
    ["cancelled", "cancelled"],
    ["live", "live"],
  ];
  return (
    <span className={classes.legend}>
      {shown.map(([tone, word]) => (
        <span key={tone} className={classes.key}>
          <span className={classes.cell} data-tone={tone} aria-hidden>
            {MARKS[tone]}
          </span>
          {word}
        </span>
      ))}
    </span>
  );
}
