/** From what a person does on a live picture to canonical actions of the page it shows. */
import type { Action } from "@/api/types";

const MOST_AT_ONCE = 20;
const SAME_POINT = 4; // pixels that a hand moves between two clicks
const LONGEST_TYPED = 10_000;

export type Size = { width: number; height: number };
export type Place = { x: number; y: number };

/** The page's pixel at a place of the box that shows it whole and centred; null beside the page. */
export function pagePoint({ x, y }: Place, box: Size, page: Size): Place | null {
  const scale = Math.min(box.width / page.width, box.height / page.height);
  if (!Number.isFinite(scale) || scale <= 0) return null;
  const at = {
    x: Math.floor((x - (box.width - page.width * scale) / 2) / scale),
    y: Math.floor((y - (box.height - page.height * scale) / 2) / scale),
  };
  return at.x >= 0 && at.y >= 0 && at.x < page.width && at.y < page.height ? at : null;
}

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey" | "shiftKey">;

/** What a key does; null for a modifier alone, for dead keys, and for pasting, which arrives as text. */
export function keyAction({ key, ctrlKey, altKey, metaKey, shiftKey }: Key): Action | null {
  if (["Control", "Shift", "Alt", "Meta", "Dead", "AltGraph", "CapsLock", "Unidentified", "Process"].includes(key))
    return null;
  const command = ctrlKey || metaKey;
  if (command && key.toLowerCase() === "v") return null;
  const isText = [...key].length === 1;
  if (isText && (!command || altKey)) return { kind: "type", text: key };
  const held = [command && "Control", altKey && "Alt", shiftKey && "Shift"].filter(Boolean);
  const name = key === " " ? "Space" : isText ? key.toUpperCase() : key;
  return { kind: "key", keys: [...held, name].join("+") };
}

/** Adds an action to those that wait; what continues the last one becomes one with it: typing, scrolling, a second click. */
export function joined(waiting: readonly Action[], next: Action): readonly Action[] {
  const last = waiting.at(-1);
  const one = last === undefined ? null : together(last, next);
  return one === null ? [...waiting, next] : [...waiting.slice(0, -1), one];
}

function together(last: Action, next: Action): Action | null {
  if (last.kind === "type" && next.kind === "type" && last.text.length + next.text.length <= LONGEST_TYPED) {
    return { kind: "type", text: last.text + next.text };
  }
  if (last.kind === "scroll" && next.kind === "scroll") {
    return { ...last, dx: (last.dx ?? 0) + (next.dx ?? 0), dy: (last.dy ?? 0) + (next.dy ?? 0) };
  }
  if (last.kind === "click" && next.kind === "click" && last.button === next.button) {
    const count = (last.count ?? 1) + (next.count ?? 1);
    const near = Math.abs(last.x - next.x) <= SAME_POINT && Math.abs(last.y - next.y) <= SAME_POINT;
    return near && count <= 3 ? { ...last, count } : null;
  }
  return null;
}

const PAUSE_MS = 220; // what may go on: the next letter, the second click

type Send = (actions: Action[]) => Promise<void>;

/** Sends actions one order after the other, each with all that has come meanwhile. */
export class Orders {
  #send: Send;
  #waiting: readonly Action[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;
  #ended = false;

  constructor(send: Send) {
    this.#send = send;
  }

  add(action: Action): void {
    this.#waiting = joined(this.#waiting, action);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#go(), PAUSE_MS);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  async #go(): Promise<void> {
    if (this.#sending || this.#ended || this.#waiting.length === 0) return;
    this.#sending = true;
    const now = this.#waiting.slice(0, MOST_AT_ONCE);
    this.#waiting = this.#waiting.slice(MOST_AT_ONCE);
    await this.#send(now).finally(() => {
      this.#sending = false;
    });
    await this.#go();
  }
}
