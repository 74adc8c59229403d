"use client";

import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, type PointerEvent, useState } from "react";
import type { Step } from "@/api/types";
import { formatDuration, formatOffset } from "@/lib/format";
import { shorten } from "@/lib/text";
import { actionInWords } from "./action";
import classes from "./Filmstrip.module.css";
import { moveStep, stepAt } from "./sync";
import { momentsOf, PART_WORDS, type Part, type Stretch, type Timeline, timelineOf } from "./timeline";

const PICTURE_WIDTH = 104;

type Props = {
  steps: readonly Step[];
  current: number;
  /** Seconds of the video. */
  time: number;
  videoSeconds: number | null;
  onSeek: (seconds: number) => void;
  onChoose: (position: number) => void;
};

/** A rollout's time from left to right: how the page looked, what each step waited for; the place that is pressed is shown. */
export function Filmstrip({ steps, current, time, videoSeconds, onSeek, onChoose }: Props) {
  const { ref, width } = useElementSize();
  const [pointed, setPointed] = useState<number | null>(null);
  const timeline = timelineOf(steps, videoSeconds);
  const step = steps[current];

  const secondsAt = ({ currentTarget, clientX }: PointerEvent<HTMLElement>) => {
    const { left, width: wide } = currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / wide)) * timeline.seconds;
  };
  const press = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    onSeek(secondsAt(event));
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    const seconds = secondsAt(event);
    setPointed(seconds);
    if (event.currentTarget.hasPointerCapture(event.pointerId)) onSeek(seconds);
  };
  const moveByKey = (event: KeyboardEvent) => {
    const position = positionByKey(event.key, steps, current);
    if (position === null) return;
    event.preventDefault();
    onChoose(position);
  };

  return (
    <div className={classes.filmstrip}>
      <div
        role="slider"
        tabIndex={0}
        className={classes.track}
        aria-label="Filmstrip"
        aria-valuemin={1}
        aria-valuemax={steps.length}
        aria-valuenow={current + 1}
        aria-valuetext={step === undefined ? undefined : inWords(step, steps.length)}
        onPointerDown={press}
        onPointerMove={move}
        onPointerLeave={() => setPointed(null)}
        onKeyDown={moveByKey}
      >
        <div ref={ref} className={classes.pictures}>
          <Pictures steps={steps} timeline={timeline} count={Math.max(1, Math.round(width / PICTURE_WIDTH))} />
        </div>
        <Strip steps={steps} current={current} timeline={timeline} />
        <span className={classes.playhead} style={{ left: percent(time, timeline) }} />
        {pointed !== null && <Pointed steps={steps} seconds={pointed} timeline={timeline} />}
      </div>
      <Legend timeline={timeline} />
    </div>
  );
}

function Pictures({ steps, timeline, count }: { steps: readonly Step[]; timeline: Timeline; count: number }) {
  return momentsOf(timeline.seconds, count).map((moment) => (
    // biome-ignore lint/performance/noImgElement: a static export has no image server
    <img key={moment} src={steps[stepAt(steps, moment)]?.screenshot_url} alt="" decoding="async" draggable={false} />
  ));
}

function Strip({ steps, current, timeline }: { steps: readonly Step[]; current: number; timeline: Timeline }) {
  return (
    <div className={classes.strip}>
      {timeline.stretches.map((stretch) => (
        <span
          key={`${stretch.part} ${stretch.from}`}
          className={classes.stretch}
          data-part={stretch.part}
          style={placeOf(stretch, timeline)}
        />
      ))}
      {steps.map((step, position) => (
        <span
          key={step.index}
          className={classes.begin}
          data-current={position === current || undefined}
          style={{ left: percent(step.offset, timeline) }}
        />
      ))}
    </div>
  );
}

/** What stands under the pointer. */
function Pointed({ steps, seconds, timeline }: { steps: readonly Step[]; seconds: number; timeline: Timeline }) {
  const step = steps[stepAt(steps, seconds)];
  const stretch = timeline.stretches.find(({ from, to }) => from <= seconds && seconds <= to);
  if (step === undefined) return null;
  return (
    <span
      className={classes.pointed}
      style={{ left: percent(seconds, timeline) }}
      data-late={seconds > timeline.seconds / 2}
    >
      {formatOffset(seconds)} · step {step.index + 1}
      {stretch && ` · ${PART_WORDS[stretch.part]} ${formatDuration(stretch.to - stretch.from)}`}
    </span>
  );
}

function Legend({ timeline }: { timeline: Timeline }) {
  return (
    <dl className={classes.legend} aria-label="Where the time of the steps went">
      {(["model", "page", "wait"] as const satisfies readonly Part[]).map((part) => (
        <div key={part}>
          <dt data-part={part}>{PART_WORDS[part]}</dt>
          <dd>{formatDuration(timeline.sums[part])}</dd>
        </div>
      ))}
    </dl>
  );
}

function positionByKey(key: string, steps: readonly Step[], current: number): number | null {
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return moveStep(steps, current, -1);
    case "ArrowRight":
    case "ArrowUp":
      return moveStep(steps, current, 1);
    case "PageUp":
      return moveStep(steps, current, -10);
    case "PageDown":
      return moveStep(steps, current, 10);
    case "Home":
      return 0;
    case "End":
      return steps.length - 1;
    default:
      return null;
  }
}

function inWords({ index, actions, offset }: Step, count: number): string {
  const done = actions.map(({ action }) => actionInWords(action)).join(", ") || "no action";
  return `Step ${index + 1} of ${count} at ${formatOffset(offset)}: ${shorten(done, 200)}`;
}

const percent = (seconds: number, { seconds: all }: Timeline) => `${all === 0 ? 0 : (seconds / all) * 100}%`;

const placeOf = ({ from, to }: Stretch, timeline: Timeline) => ({
  left: percent(from, timeline),
  width: percent(to - from, timeline),
});
