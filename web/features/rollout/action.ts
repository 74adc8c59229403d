import type { Action } from "@/api/types";
import { formatDuration } from "@/lib/format";
import { shorten } from "@/lib/text";

/** What an agent did, in words. */
export function actionInWords(action: Action): string {
  switch (action.kind) {
    case "click":
      return `${clickWords(action.button, action.count)} at ${point(action.x, action.y)}${holding(action.held)}`;
    case "mouse_down":
      return `Press the ${action.button ?? "left"} mouse button down`;
    case "mouse_up":
      return `Release the ${action.button ?? "left"} mouse button`;
    case "move":
      return `Move to ${point(action.x, action.y)}${holding(action.held)}`;
    case "drag":
      return `${dragInWords(dragPoints(action.path))}${holding(action.held)}`;
    case "scroll":
      return `Scroll ${scrollWords(action.dx ?? 0, action.dy ?? 0)} at ${point(action.x, action.y)}${holding(action.held)}`;
    case "type":
      return `Type “${shorten(action.text, 200)}”`;
    case "key":
      return `Press ${shorten(action.keys, 100)}`;
    case "key_down":
      return `Press ${action.key} down`;
    case "key_up":
      return `Release ${action.key}`;
    case "hold_key":
      return `Hold ${action.keys} for ${formatDuration(action.seconds ?? 1)}`;
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

const holding = (keys: string | undefined) => (keys ? `, holding ${keys}` : "");

const TIMES = ["", "Double-", "Triple-"];
const BUTTONS = { left: "", middle: "middle-", right: "right-" };

function clickWords(button: keyof typeof BUTTONS = "left", count = 1): string {
  const words = `${TIMES[count - 1] ?? `${count}-times `}${BUTTONS[button]}click`;
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
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
