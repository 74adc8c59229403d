import type { Action } from "@/api/types";
import { formatDuration } from "@/lib/format";
import { shorten } from "@/lib/text";

/** What an agent did, in words. */
export function actionInWords(action: Action): string {
  switch (action.kind) {
    case "click":
      return `${clickWord(action.button)} at ${point(action.x, action.y)}`;
    case "double_click":
      return `Double-click at ${point(action.x, action.y)}`;
    case "move":
      return `Move to ${point(action.x, action.y)}`;
    case "drag":
      return dragInWords(dragPoints(action.path));
    case "scroll":
      return `Scroll ${scrollWords(action.dx ?? 0, action.dy ?? 0)} at ${point(action.x, action.y)}`;
    case "type":
      return `Type “${shorten(action.text, 200)}”`;
    case "key":
      return `Press ${action.keys}`;
    case "wait":
      return `Wait ${formatDuration(action.seconds ?? 1)}`;
    case "navigate":
      return `Go to ${shorten(action.url, 200)}`;
    case "back":
      return "Go back";
    case "forward":
      return "Go forward";
    case "screenshot":
      return "Look again";
  }
}

export type Point = readonly [number, number];

/** Where on the screenshot an action happened: the points to mark, in CSS pixels of the viewport, in order. */
export function pointsOf(action: Action): readonly Point[] {
  switch (action.kind) {
    case "click":
    case "double_click":
    case "move":
    case "scroll":
      return [[action.x, action.y]];
    case "drag":
      return dragPoints(action.path);
    default:
      return [];
  }
}

/** The client types a pair of coordinates as a list of numbers. */
const dragPoints = (path: readonly (readonly number[])[]): Point[] => path.map(([x = 0, y = 0]) => [x, y]);

const point = (x: number, y: number) => `(${x}, ${y})`;

function clickWord(button: "left" | "middle" | "right" | undefined): string {
  if (button === "right") return "Right-click";
  if (button === "middle") return "Middle-click";
  return "Click";
}

function dragInWords(path: readonly Point[]): string {
  const from = path[0];
  const to = path.at(-1);
  return from && to ? `Drag from ${point(...from)} to ${point(...to)}` : "Drag";
}

function scrollWords(dx: number, dy: number): string {
  const parts = [];
  if (dy !== 0) parts.push(`${dy > 0 ? "down" : "up"} ${Math.abs(dy)} px`);
  if (dx !== 0) parts.push(`${dx > 0 ? "right" : "left"} ${Math.abs(dx)} px`);
  return parts.length > 0 ? parts.join(" and ") : "by nothing";
}
