"use client";

import { SegmentedControl } from "@mantine/core";
import { type Recording, useSteps } from "@/api/queries";
import type { Step } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { LivePicture } from "@/features/live/LivePicture";
import classes from "./Replay.module.css";
import { Screenshot } from "./Screenshot";
import { StepDescription } from "./StepDescription";
import { StepList } from "./StepList";
import { type Shown, useReplay } from "./useReplay";

const NO_STEPS: readonly Step[] = [];

/** The video of a rollout's attempt beside its steps; each follows the other. */
export function Replay({ recording }: { recording: Recording }) {
  const { live, videoUrl } = recording;
  const query = useSteps(recording);
  const steps = query.data?.steps ?? NO_STEPS;
  const replay = useReplay(steps, { live, hasVideo: videoUrl !== null });
  const step = steps[replay.current];

  return (
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
            value={replay.shown}
            onChange={(value) => replay.setShown(value as Shown)}
          />
          <span className={classes.position}>
            {step === undefined ? "No step yet" : `Step ${replay.current + 1} of ${steps.length}`}
          </span>
        </div>
        <div className={classes.screen}>
          {videoUrl !== null && (
            <video
              ref={replay.video}
              className={classes.video}
              data-hidden={replay.shown !== "video" || undefined}
              src={videoUrl}
              controls
              muted
              playsInline
              preload="auto"
              aria-label="Recording of the rollout"
              onLoadedMetadata={replay.seekToCurrent}
              onTimeUpdate={replay.follow}
              onPlay={() => replay.setShown("video")}
            />
          )}
          {replay.shown === "screenshot" && step !== undefined && <Screenshot step={step} />}
          {replay.shown === "live" && (
            <LivePicture rolloutId={recording.rolloutId} label="Live picture of the rollout" />
          )}
          {replay.possible.length === 0 && <p className={classes.nothing}>It ended before anything was recorded.</p>}
        </div>
        {step !== undefined && <StepDescription step={step} />}
      </div>
      {query.error !== null && query.data === undefined ? (
        <FailureNote title="The steps could not be loaded" error={query.error} onRetry={() => query.refetch()} />
      ) : (
        <StepList steps={steps} current={replay.current} live={live} onChoose={replay.choose} />
      )}
    </section>
  );
}
