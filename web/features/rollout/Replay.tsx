"use client";

import { SegmentedControl } from "@mantine/core";
import { useSteps } from "@/api/queries";
import type { Rollout, Step } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { isLive } from "@/features/rollouts/outcome";
import classes from "./Replay.module.css";
import { Screenshot } from "./Screenshot";
import { StepDescription } from "./StepDescription";
import { StepList } from "./StepList";
import { type Shown, useReplay } from "./useReplay";

const NO_STEPS: readonly Step[] = [];

/** The video of a rollout beside its steps; each follows the other. */
export function Replay({ rollout }: { rollout: Rollout }) {
  const live = isLive(rollout.status);
  const query = useSteps(rollout);
  const steps = query.data?.steps ?? NO_STEPS;
  const replay = useReplay(steps, { live, hasVideo: rollout.video_url !== null });
  const step = steps[replay.current];

  return (
    <section className={classes.replay} aria-label="Replay">
      <div className={classes.stage}>
        <div className={classes.bar}>
          <SegmentedControl
            size="xs"
            aria-label="What the stage shows"
            data={[
              { value: "video", label: "Video", disabled: rollout.video_url === null },
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
          {rollout.video_url !== null && (
            <video
              ref={replay.video}
              className={classes.video}
              data-hidden={replay.shown !== "video" || undefined}
              src={rollout.video_url}
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
          {rollout.video_url === null && step === undefined && <NothingToSee rollout={rollout} />}
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

function NothingToSee({ rollout }: { rollout: Rollout }) {
  return (
    <p className={classes.nothing}>
      {isLive(rollout.status)
        ? "Screenshots appear with each step; the video when the rollout has ended."
        : "This rollout ended before anything was recorded."}
    </p>
  );
}
