"use client";

import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import { type Recording, useSteps } from "@/api/queries";
import type { Step } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { LivePicture } from "@/features/live/LivePicture";
import { Filmstrip } from "./Filmstrip";
import classes from "./Replay.module.css";
import { Screenshot } from "./Screenshot";
import { StepDescription } from "./StepDescription";
import { StepList } from "./StepList";
import { type Shown, useReplay } from "./useReplay";

const NO_STEPS: readonly Step[] = [];

/** Where a replay is: the steps there are, and the position of the highlighted one. */
export type Moment = { steps: readonly Step[]; current: number; choose: (position: number) => void };

type Props = { recording: Recording; children?: (moment: Moment) => ReactNode };

/** The video of a rollout's attempt, its steps and its filmstrip, and what else there is to see of a moment: all by one clock. */
export function Replay({ recording, children }: Props) {
  const { live, videoUrl } = recording;
  const query = useSteps(recording);
  const steps = query.data?.steps ?? NO_STEPS;
  const replay = useReplay(steps, { live, hasVideo: videoUrl !== null });
  const { current, choose, shown } = replay;
  const step = steps[current];

  return (
    <>
      <section className={classes.replay} aria-label="Replay">
        <div className={classes.stage}>
          <div className={classes.bar}>
            <SegmentedControl
              size="xs"
              aria-label="What the stage shows"
              data={[
                ...(live ? [{ value: "live", label: "Live" }] : []),
                { value: "video", label: "Video", disabled: !replay.possible.includes("video") },
                { value: "screenshot", label: "Screenshot", disabled: step === undefined },
              ]}
              value={shown}
              onChange={(value) => replay.setShown(value as Shown)}
            />
            <span className={classes.position}>
              {step === undefined ? "No step yet" : `Step ${current + 1} of ${steps.length}`}
            </span>
          </div>
          <div className={classes.screen}>
            {videoUrl !== null && (
              <video
                ref={replay.video}
                className={classes.video}
                data-hidden={shown !== "video" || undefined}
                src={videoUrl}
                controls
                muted
                playsInline
                preload="auto"
                aria-label="Recording of the rollout"
                onLoadedMetadata={replay.begin}
                onTimeUpdate={replay.follow}
                onPlay={() => replay.setShown("video")}
              />
            )}
            {shown === "screenshot" && step !== undefined && <Screenshot step={step} />}
            {shown === "live" && <LivePicture rolloutId={recording.rolloutId} label="Live picture of the rollout" />}
            {replay.possible.length === 0 && <p className={classes.nothing}>It ended before anything was recorded.</p>}
          </div>
          {step !== undefined && <StepDescription step={step} />}
        </div>
        {query.error !== null && query.data === undefined ? (
          <FailureNote title="The steps could not be loaded" error={query.error} onRetry={() => query.refetch()} />
        ) : (
          <StepList steps={steps} current={current} live={live} onChoose={choose} />
        )}
        {steps.length > 0 && (
          <Filmstrip
            steps={steps}
            current={current}
            time={replay.time}
            videoSeconds={replay.videoSeconds}
            onSeek={replay.seek}
            onChoose={choose}
          />
        )}
      </section>
      {children?.({ steps, current, choose })}
    </>
  );
}
