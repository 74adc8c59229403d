/** Where the time of an attempt went, step by step, on the clock of its video. */
import type { Step } from "@/api/types";

/** `wait`: until the page had settled for the screenshot; `model`: until the agent had decided; `page`: until its actions were done. */
export type Part = "wait" | "model" | "page";

/** A stretch of seconds of the video. */
export type Stretch = { part: Part; from: number; to: number };

export type Timeline = { seconds: number; stretches: readonly Stretch[]; sums: Record<Part, number> };

type Timed = Pick<Step, "offset" | "wait_seconds" | "agent_seconds" | "action_seconds">;

export const PART_WORDS: Record<Part, string> = { wait: "waiting for the page", model: "model", page: "acting" };

/** `videoSeconds`: null while it is not known how long the video is; the timeline then ends with the last step. */
export function timelineOf(steps: readonly Timed[], videoSeconds: number | null): Timeline {
  const stretches = steps.flatMap(stretchesOf);
  const end = Math.max(0, ...stretches.map(({ to }) => to));
  const sums = { wait: 0, model: 0, page: 0 };
  for (const { part, from, to } of stretches) sums[part] += to - from;
  return { seconds: Math.max(end, videoSeconds ?? 0), stretches, sums };
}

/** A step's offset is the moment of its screenshot: the waiting came before, deciding and acting after it. */
function stretchesOf({ offset, wait_seconds, agent_seconds, action_seconds }: Timed): Stretch[] {
  const decided = offset + agent_seconds;
  const all: Stretch[] = [
    { part: "wait", from: Math.max(0, offset - wait_seconds), to: offset },
    { part: "model", from: offset, to: decided },
    { part: "page", from: decided, to: decided + action_seconds },
  ];
  return all.filter(({ from, to }) => to > from);
}

/** The moments at which `count` pictures side by side show a timeline: the middle of each one's place. */
export function momentsOf(seconds: number, count: number): number[] {
  return Array.from({ length: count }, (_unused, place) => ((place + 0.5) / count) * seconds);
}
