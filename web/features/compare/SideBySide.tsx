"use client";

import { Button, SegmentedControl } from "@mantine/core";
import { IconArrowRight, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { ScrollBox } from "@/components/ScrollBox";
import { moveStep } from "@/features/rollout/sync";
import { formatCount, formatOffset } from "@/lib/format";
import { useShortcut } from "@/lib/useShortcut";
import { ComparedRollout } from "./ComparedRollout";
import classes from "./SideBySide.module.css";
import { StepsTable } from "./StepsTable";
import {
  divergencesOf,
  endOf,
  type Moment,
  nextAfter,
  positionAt,
  rowsOf,
  SAME_PLACE_PIXELS,
  type Sync,
} from "./steps";
import type { Comparison } from "./useComparison";
import { usePlayback } from "./usePlayback";

/** Keys that a focused control needs for itself. */
const ownsItsKeys = (event: KeyboardEvent) =>
  event.target instanceof HTMLElement && event.target.closest("button, a, input, section[tabindex]") !== null;

/** The rollouts at one moment: their pages beside each other, and their steps in one table. */
export function SideBySide({ comparison }: { comparison: Comparison }) {
  const { columns, moment, goTo, setSync } = comparison;
  const [shown, setShown] = useState<"screenshot" | "video">("screenshot");
  const playback = usePlayback(columns, moment, goTo);
  const all = columns.map(({ steps }) => steps);
  const rows = rowsOf(all, moment.sync);
  const divergences = divergencesOf(all);
  const positions = all.map((steps) => positionAt(steps, moment));
  const present = moment.sync === "step" ? moment.position : (positions[0] ?? (all[0]?.length ?? 1) - 1);
  const next = nextAfter(divergences, present);

  const show = (to: Moment) => {
    playback.stop();
    setShown("screenshot");
    goTo(to);
  };
  const move = (by: number) => {
    const here = rows.findLastIndex((row) => hasBegun(row.moment, moment));
    const to =
      rows[
        moveStep(
          rows.map(() => ({ offset: 0 })),
          here,
          by,
        )
      ];
    if (to !== undefined) show(to.moment);
  };
  const goToNext = () => {
    if (next !== null) show(momentOf(next, all, moment.sync));
  };
  const play = () => {
    if (!playback.possible) return;
    setShown("video");
    playback.toggle();
  };

  const besidesControls = { ignoreEventWhen: ownsItsKeys, preventDefault: true };
  useShortcut("left", () => move(-1), besidesControls);
  useShortcut("right", () => move(1), besidesControls);
  useShortcut("k", () => move(-1));
  useShortcut("j", () => move(1));
  useShortcut("n", goToNext);
  useShortcut("v", () => setShown(shown === "video" ? "screenshot" : "video"));
  useShortcut("space", play, besidesControls);

  return (
    <section className={classes.side} aria-label="Side by side">
      <div className={classes.bar}>
        <SegmentedControl
          size="xs"
          aria-label="What keeps them together"
          data={[
            { value: "step", label: "By step" },
            { value: "time", label: "By time" },
          ]}
          value={moment.sync}
          onChange={(sync) => {
            playback.stop();
            setSync(sync as Sync);
            goTo(sync === "step" ? { sync, position: present } : momentOf(present, all, "time"));
          }}
        />
        <Button
          variant="default"
          onClick={play}
          disabled={!playback.possible}
          leftSection={playback.playing ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
        >
          {playback.playing ? "Pause" : "Play"}
        </Button>
        <Clock moment={moment} steps={all} divergences={divergences} onGoTo={show} />
        <Button
          variant="default"
          onClick={goToNext}
          disabled={next === null}
          rightSection={<IconArrowRight size={14} />}
          title={`Where actions differ; clicks within ${SAME_PLACE_PIXELS} px of each other count as the same (n)`}
        >
          Next divergence
        </Button>
        <p className={classes.divergences} role="status">
          {columns.length < 2 ? "" : partingInWords(divergences)}
        </p>
      </div>
      <ScrollBox label="Rollouts, beside each other" className={classes.scroll}>
        <div className={classes.columns} style={{ "--columns": columns.length } as React.CSSProperties}>
          {columns.map((column, place) => (
            <ComparedRollout
              key={column.rollout.id}
              column={column}
              baseline={place === 0}
              position={positions[place] ?? null}
              shown={shown}
              diverges={place > 0 && moment.sync === "step" && divergences.includes(moment.position)}
              comparison={comparison}
              playback={playback}
            />
          ))}
        </div>
        <StepsTable columns={columns} rows={rows} divergences={divergences} positions={positions} onChoose={show} />
      </ScrollBox>
    </section>
  );
}

type ClockProps = {
  moment: Moment;
  steps: readonly Comparison["columns"][number]["steps"][];
  divergences: readonly number[];
  onGoTo: (moment: Moment) => void;
};

/** The one clock: by step its number, by time its second. Ticks mark where the rollouts part. */
function Clock({ moment, steps, divergences, onGoTo }: ClockProps) {
  const bySteps = moment.sync === "step";
  const longest = Math.max(1, ...steps.map(({ length }) => length));
  const most = bySteps ? longest - 1 : Math.max(...steps.map(endOf));
  const value = bySteps ? Math.min(moment.position, most) : Math.min(moment.seconds, most);
  const words = bySteps ? `Step ${value + 1} of ${longest}` : `${formatOffset(value)} of ${formatOffset(most)}`;
  return (
    <div className={classes.clock}>
      <div className={classes.slide}>
        <input
          type="range"
          className={classes.range}
          min={0}
          max={most}
          step={bySteps ? 1 : 0.1}
          value={value}
          aria-label="Moment that is shown"
          aria-valuetext={words}
          onChange={({ currentTarget: { valueAsNumber } }) =>
            onGoTo(bySteps ? { sync: "step", position: valueAsNumber } : { sync: "time", seconds: valueAsNumber })
          }
        />
        {bySteps && (
          <div className={classes.ticks} aria-hidden>
            {divergences.map((position) => (
              <span key={position} style={{ left: `${most === 0 ? 0 : (position / most) * 100}%` }} />
            ))}
          </div>
        )}
      </div>
      <span className={classes.words}>{words}</span>
    </div>
  );
}

function partingInWords(divergences: readonly number[]): string {
  const first = divergences[0];
  if (first === undefined) return "They act alike in every step.";
  return `They part at step ${first + 1}; ${formatCount(divergences.length, "step")} differ${divergences.length === 1 ? "s" : ""}.`;
}

/** Where the step of a number is: by time, when the first rollout that has it began it. */
function momentOf(position: number, all: ClockProps["steps"], sync: Sync): Moment {
  if (sync === "step") return { sync, position };
  const step = all.map((steps) => steps[position]).find((each) => each !== undefined);
  return { sync, seconds: step?.offset ?? 0 };
}

function hasBegun(row: Moment, now: Moment): boolean {
  if (row.sync === "step") return now.sync === "step" && row.position <= now.position;
  return now.sync === "time" && row.seconds <= now.seconds;
}
