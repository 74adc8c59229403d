/** Which step belongs to which moment of the video. Positions are indices into the list of steps, ordered by offset. */
type Moment = { offset: number };

/** Seeking lands on a frame near the wished time, not on it. */
const SEEK_TOLERANCE_SECONDS = 0.15;

/** The step that was going on at a time of the video; the first one before any began, -1 without steps. */
export function stepAt(steps: readonly Moment[], time: number): number {
  const next = steps.findIndex((step) => step.offset > time + SEEK_TOLERANCE_SECONDS);
  if (next === -1) return steps.length - 1;
  return Math.max(0, next - 1);
}

/**
 * The step to highlight when the video is at `time` and `current` is highlighted: that one stays as long as the video stands where
 * it begins, so that a chosen step keeps its highlight also where several share one moment.
 */
export function stepFollowing(steps: readonly Moment[], time: number, current: number): number {
  const chosen = steps[current];
  if (chosen !== undefined && Math.abs(chosen.offset - time) <= SEEK_TOLERANCE_SECONDS) return current;
  return stepAt(steps, time);
}

/** The position `by` steps away, held inside the list. */
export function moveStep(steps: readonly Moment[], current: number, by: number): number {
  return Math.min(steps.length - 1, Math.max(0, current + by));
}
