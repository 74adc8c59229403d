"use client";

import { ActionIcon } from "@mantine/core";
import { IconPin, IconPinFilled, IconX } from "@tabler/icons-react";
import Link from "next/link";
import { Screenshot } from "@/features/rollout/Screenshot";
import { sentenceOf } from "@/features/rollout/sentence";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { useRolloutEvents } from "@/features/shell/StreamProvider";
import { formatCount } from "@/lib/format";
import { shorten } from "@/lib/text";
import classes from "./ComparedRollout.module.css";
import type { Column, Comparison } from "./useComparison";
import type { usePlayback } from "./usePlayback";

type Props = {
  column: Column;
  baseline: boolean;
  /** The step that is shown; null where it had ended before. */
  position: number | null;
  shown: "screenshot" | "video";
  diverges: boolean;
  comparison: Comparison;
  playback: ReturnType<typeof usePlayback>;
};

/** One of the rollouts: who it is, what it came to, and its page at the moment that is shown of all. */
export function ComparedRollout({ column, baseline, position, shown, diverges, comparison, playback }: Props) {
  const { rollout, recording, steps } = column;
  useRolloutEvents(rollout.id);
  const step = position === null ? steps.at(-1) : steps[position];
  const address = `/rollout/?id=${encodeURIComponent(rollout.id)}${step === undefined ? "" : `&step=${step.index + 1}`}`;
  const name = rollout.model ?? rollout.agent;
  const showsVideo = shown === "video" && recording.videoUrl !== null;
  return (
    <article
      className={classes.rollout}
      aria-label={`${baseline ? "Baseline: " : ""}${name}`}
      data-diverges={diverges || undefined}
    >
      <header className={classes.header}>
        <div className={classes.who}>
          <OutcomeBadge rollout={rollout} />
          {baseline && <span className={classes.baseline}>baseline</span>}
          <span className={classes.buttons}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Compare with ${name} as the baseline`}
              aria-pressed={baseline}
              onClick={() => comparison.pin(rollout.id)}
            >
              {baseline ? <IconPinFilled size={15} /> : <IconPin size={15} />}
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Leave ${name} out`}
              onClick={() => comparison.remove(rollout.id)}
            >
              <IconX size={15} />
            </ActionIcon>
          </span>
        </div>
        <Link href={address} className={classes.name} title={rollout.id} prefetch={false}>
          <bdi>{name}</bdi> <code>{rollout.id.slice(-8)}</code>
        </Link>
        <p className={classes.sentence}>
          <bdi>{shorten(sentenceOf(rollout), 160)}</bdi>
        </p>
      </header>
      <div className={classes.screen}>
        {recording.videoUrl !== null && (
          <video
            ref={playback.attach(rollout.id)}
            className={classes.video}
            data-hidden={!showsVideo || undefined}
            src={recording.videoUrl}
            muted
            playsInline
            preload="auto"
            aria-label={`Recording of ${name}`}
            onLoadedMetadata={() => playback.seek(rollout.id, steps)}
            onTimeUpdate={() => playback.follow(rollout.id)}
            onEnded={() => playback.follow(rollout.id)}
          />
        )}
        {!showsVideo && step !== undefined && <Screenshot step={step} />}
        {step === undefined && !showsVideo && <p className={classes.over}>It took no step.</p>}
        {position === null && step !== undefined && (
          <p className={classes.over}>It had ended after {formatCount(steps.length, "step")}.</p>
        )}
      </div>
    </article>
  );
}
