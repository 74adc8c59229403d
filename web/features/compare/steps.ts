/** Where several rollouts are at a moment, and where they part. The first one is the baseline. */
import type { Action, Step } from "@/api/types";
import { type Point, pointsOf } from "@/features/rollout/action";
import { moveStep, stepAt } from "@/features/rollout/sync";

export type Sync = "step" | "time";

/** What the steps of all have in common: the same number (from 0), or the same second of their videos. */
export type Moment = { sync: "step"; position: number } | { sync: "time"; seconds: number };

export type Steps = readonly Step[];

/** Clicks so near to each other, in CSS pixels, meet the same thing of a page. */
export const SAME_PLACE_PIXELS = 16;

/** The step of a rollout at a moment; null where it has none: it had ended before. */
export function positionAt(steps: Steps, moment: Moment): number | null {
  if (steps.length === 0) return null;
  if (moment.sync === "step") return moment.position < steps.length ? moment.position : null;
  return moment.seconds <= endOf(steps) ? moveStep(steps, stepAt(steps, moment.seconds), 0) : null;
}

/** Seconds of the video at which a rollout's last step was done. */
export function endOf(steps: Steps): number {
  const last = steps.at(-1);
  return last === undefined ? 0 : last.offset + last.agent_seconds + last.action_seconds;
}

/** Whether two steps did the same: clicks near the same place are the same, and looking again or waiting is nothing. */
export function doTheSame(left: Step | undefined, right: Step | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  const [ours, theirs] = [deedsOf(left), deedsOf(right)];
  return ours.length === theirs.length && ours.every((action, place) => isSame(action, theirs[place]));
}

const deedsOf = (step: Step): Action[] =>
  step.actions.map(({ action }) => action).filter(({ kind }) => kind !== "wait" && kind !== "screenshot");

function isSame(left: Action, right: Action | undefined): boolean {
  if (right === undefined || left.kind !== right.kind) return false;
  const [ours, theirs] = [pointsOf(left), pointsOf(right)];
  return (
    ours.length === theirs.length &&
    ours.every((point, place) => isNear(point, theirs[place])) &&
    rest(left) === rest(right)
  );
}

const isNear = ([x, y]: Point, other: Point | undefined) =>
  other !== undefined && Math.hypot(x - other[0], y - other[1]) <= SAME_PLACE_PIXELS;

/** What an action is told beside its points. */
const rest = (action: Action) =>
  JSON.stringify(
    Object.entries({ ...action, x: null, y: null, path: null }).sort(([left], [right]) => (left < right ? -1 : 1)),
  );

/** The positions at which some rollout does otherwise than the first one. */
export function divergencesOf(all: readonly Steps[]): number[] {
  const [base = [], ...others] = all;
  const longest = Math.max(0, ...all.map(({ length }) => length));
  return Array.from({ length: longest }, (_unused, position) => position).filter((position) =>
    others.some((steps) => !doTheSame(base[position], steps[position])),
  );
}

/** The first of some positions beyond one; null where there is none. */
export function nextAfter(positions: readonly number[], position: number): number | null {
  return positions.find((each) => each > position) ?? null;
}

/** A line of the table of steps: the position that each rollout has in it, null for none. */
export type Row = { key: string; moment: Moment; positions: (number | null)[] };

/** By step, a row for each number; by time, a row for each moment at which a step of some rollout began. */
export function rowsOf(all: readonly Steps[], sync: Sync): Row[] {
  if (sync === "step") {
    const longest = Math.max(0, ...all.map(({ length }) => length));
    return Array.from({ length: longest }, (_unused, position) => ({
      key: `${position}`,
      moment: { sync, position },
      positions: all.map((steps) => (position < steps.length ? position : null)),
    }));
  }
  const begun = all.flatMap((steps, column) => steps.map(({ offset }, position) => ({ offset, column, position })));
  begun.sort((left, right) => left.offset - right.offset || left.column - right.column);
  return begun.reduce<Row[]>((rows, { offset, column, position }) => {
    const last = rows.at(-1);
    const moment = { sync, seconds: offset } as const;
    if (last !== undefined && beganWith(last, offset) && last.positions[column] === null) {
      rows[rows.length - 1] = { ...last, moment, positions: last.positions.with(column, position) };
    } else {
      rows.push({
        key: `${column} ${position}`,
        moment,
        positions: all.map((_steps, each) => (each === column ? position : null)),
      });
    }
    return rows;
  }, []);
}

const SAME_MOMENT_SECONDS = 0.1;

const beganWith = ({ moment }: Row, offset: number) =>
  moment.sync === "time" && offset - moment.seconds < SAME_MOMENT_SECONDS;
