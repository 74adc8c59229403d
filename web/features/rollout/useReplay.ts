"use client";

import { parseAsInteger, useQueryState } from "nuqs";
import { useCallback, useRef, useState } from "react";
import type { Step } from "@/api/types";
import { useShortcut } from "@/lib/useShortcut";
import { moveStep, stepAt, stepFollowing } from "./sync";

export type Shown = "live" | "video" | "screenshot";

/** Keys that a focused control needs for itself: the player's own seeking, a button's Space, a tab's and a slider's arrows. */
const ownsItsKeys = (event: KeyboardEvent) =>
  event.target instanceof HTMLElement &&
  event.target.closest("video, button, a, section[tabindex], [role=slider]") !== null;

/** What there is to see, the best first. */
function possibleOf({ live, hasVideo, hasSteps }: Record<"live" | "hasVideo" | "hasSteps", boolean>): readonly Shown[] {
  const there: Record<Shown, boolean> = { live, video: hasVideo, screenshot: hasSteps };
  return (["live", "video", "screenshot"] as const).filter((each) => there[each]);
}

/**
 * The one clock of a replay: which step is highlighted, which second of the video that is, and what the stage shows of it. The step
 * is kept in the address, counted from 1. A live rollout shows its newest step until another is chosen.
 */
export function useReplay(steps: readonly Step[], { live, hasVideo }: { live: boolean; hasVideo: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  const [inAddress, setInAddress] = useQueryState("step", parseAsInteger);
  const [wished, setShown] = useState<Shown>(inAddress === null ? "live" : "screenshot");
  const [videoSeconds, setVideoSeconds] = useState<number | null>(null);
  const [videoTime, setVideoTime] = useState<number | null>(null);
  const possible = possibleOf({ live, hasVideo, hasSteps: steps.length > 0 });
  const shown = possible.includes(wished) ? wished : (possible[0] ?? "screenshot");
  const newest = steps.length - 1;
  const chosen = inAddress === null ? (live ? newest : 0) : inAddress - 1;
  const current = moveStep(steps, chosen, 0);

  const moveVideoTo = useCallback((seconds: number) => {
    if (video.current !== null) video.current.currentTime = seconds;
    setVideoTime(seconds);
  }, []);

  const choose = useCallback(
    (position: number) => {
      const step = steps[position];
      if (step === undefined) return;
      setInAddress(position + 1);
      moveVideoTo(step.offset);
      if (video.current === null || video.current.paused) setShown("screenshot");
    },
    [steps, setInAddress, moveVideoTo],
  );

  const seek = (seconds: number) => {
    const position = stepAt(steps, seconds);
    if (video.current === null) return choose(position);
    if (position >= 0) setInAddress(position + 1);
    moveVideoTo(seconds);
    setShown("video");
  };

  const follow = () => {
    const player = video.current;
    if (player === null || player.readyState === 0) return;
    setVideoTime(player.currentTime);
    const next = stepFollowing(steps, player.currentTime, current);
    if (next !== current && next >= 0) setInAddress(next + 1);
  };

  const begin = () => {
    const player = video.current;
    if (player === null) return;
    setVideoSeconds(Number.isFinite(player.duration) ? player.duration : null);
    const step = steps[current];
    if (inAddress !== null && step !== undefined) moveVideoTo(step.offset);
  };

  const playOrPause = () => {
    const player = video.current;
    if (player === null) return;
    setShown("video");
    if (player.paused) void player.play();
    else player.pause();
  };

  const besidesControls = { ignoreEventWhen: ownsItsKeys, preventDefault: true };
  useShortcut("left", () => choose(moveStep(steps, current, -1)), besidesControls);
  useShortcut("right", () => choose(moveStep(steps, current, 1)), besidesControls);
  useShortcut("k", () => choose(moveStep(steps, current, -1)));
  useShortcut("j", () => choose(moveStep(steps, current, 1)));
  useShortcut("v", () => setShown(possible[(possible.indexOf(shown) + 1) % possible.length] ?? shown));
  useShortcut("space", playOrPause, besidesControls);

  const time = videoTime ?? steps[current]?.offset ?? 0;
  return { video, videoSeconds, time, current, possible, shown, setShown, choose, seek, follow, begin };
}
