"use client";

import { useEffect, useRef, useState } from "react";
import { endOf, type Moment, type Steps } from "./steps";
import type { Column } from "./useComparison";

const MOST_DRIFT_SECONDS = 0.4;
const NEARLY_SECONDS = 0.05;

/**
 * Plays the videos of all rollouts by one clock. By time they run side by side, led by the longest; by step each plays its own step
 * of that number, and waits until all have.
 */
export function usePlayback(columns: readonly Column[], moment: Moment, goTo: (moment: Moment) => void) {
  const players = useRef(new Map<string, HTMLVideoElement>());
  const [playing, setPlaying] = useState(false);
  const leader = [...columns]
    .filter(({ recording }) => recording.videoUrl !== null)
    .sort((left, right) => endOf(right.steps) - endOf(left.steps))[0];
  const place = moment.sync === "step" ? moment.position : moment.seconds;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the videos are moved when the moment is, and not when steps are told
  useEffect(() => {
    for (const { rollout, steps } of columns) {
      const player = players.current.get(rollout.id);
      if (player === undefined) continue;
      const target = timeOf(steps, moment);
      if (!playing || Math.abs(player.currentTime - target) > MOST_DRIFT_SECONDS) player.currentTime = target;
      if (playing) void player.play().catch(() => setPlaying(false));
      else player.pause();
    }
  }, [place, moment.sync, playing]);

  const follow = (id: string) => {
    const player = players.current.get(id);
    if (!playing || player === undefined) return;
    if (moment.sync === "time") {
      if (id !== leader?.rollout.id) return;
      goTo({ sync: "time", seconds: player.currentTime });
      if (player.ended) setPlaying(false);
      return;
    }
    if (
      isDone(
        columns.find(({ rollout }) => rollout.id === id),
        player,
        moment.position,
      )
    )
      player.pause();
    const all = columns.every((column) => isDone(column, players.current.get(column.rollout.id), moment.position));
    if (!all) return;
    const longest = Math.max(0, ...columns.map(({ steps }) => steps.length));
    if (moment.position + 1 < longest) goTo({ sync: "step", position: moment.position + 1 });
    else setPlaying(false);
  };

  return {
    playing,
    possible: leader !== undefined,
    toggle: () => setPlaying((before) => !before && leader !== undefined),
    stop: () => setPlaying(false),
    follow,
    attach: (id: string) => (player: HTMLVideoElement | null) => {
      if (player === null) players.current.delete(id);
      else players.current.set(id, player);
    },
    seek: (id: string, steps: Steps) => {
      const player = players.current.get(id);
      if (player !== undefined) player.currentTime = timeOf(steps, moment);
    },
  };
}

/** The second of a rollout's video that shows a moment; its end for what comes after it. */
function timeOf(steps: Steps, moment: Moment): number {
  return moment.sync === "time" ? moment.seconds : (steps[moment.position]?.offset ?? endOf(steps));
}

function isDone(column: Column | undefined, player: HTMLVideoElement | undefined, position: number): boolean {
  if (column === undefined || player === undefined || position >= column.steps.length) return true;
  const next = column.steps[position + 1];
  return player.ended || player.currentTime >= (next?.offset ?? endOf(column.steps)) - NEARLY_SECONDS;
}
