"use client";

import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef } from "react";
import type { Action } from "@/api/types";
import { LivePicture } from "@/features/live/LivePicture";
import classes from "./ActingPicture.module.css";
import { keyAction, type Place, pagePoint } from "./input";

const BUTTONS = ["left", "middle", "right"] as const;
const A_DRAG = 6; // pixels of the page

type Props = { rolloutId: string; label: string; act: ((action: Action) => void) | null };

/** A live picture; with `act` what a person does on it is done on the page it shows. */
export function ActingPicture({ rolloutId, label, act }: Props) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <div ref={box} className={classes.box} data-acting={act !== null || undefined}>
      <LivePicture rolloutId={rolloutId} label={label} />
      {act !== null && <Surface picture={box} act={act} />}
    </div>
  );
}

/** Lies over the picture, and takes mouse and keys. */
function Surface({ picture, act }: { picture: RefObject<HTMLDivElement | null>; act: (action: Action) => void }) {
  const surface = useRef<HTMLDivElement>(null);
  const pressed = useRef<Place | null>(null);
  useEffect(() => surface.current?.focus({ preventScroll: true }), []);

  const pointAt = ({ clientX, clientY }: { clientX: number; clientY: number }): Place | null => {
    const image = picture.current?.querySelector("img");
    const area = surface.current?.getBoundingClientRect();
    if (!image || area === undefined) return null;
    const page = { width: image.naturalWidth, height: image.naturalHeight };
    return pagePoint({ x: clientX - area.left, y: clientY - area.top }, area, page);
  };

  const release = (event: PointerEvent) => {
    const from = pressed.current;
    const to = pointAt(event);
    pressed.current = null;
    if (from === null || to === null) return;
    if (event.button === 0 && Math.hypot(to.x - from.x, to.y - from.y) > A_DRAG) {
      act({ kind: "drag", path: [[from.x, from.y], [to.x, to.y]], held: "" }); // biome-ignore format: a path in one line
    } else {
      act({ kind: "click", ...to, button: BUTTONS[event.button] ?? "left", count: 1, held: "" });
    }
  };

  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape" && event.shiftKey) {
      surface.current?.blur();
      return;
    }
    const action = keyAction(event);
    if (action === null) return;
    event.preventDefault();
    event.stopPropagation();
    act(action);
  };

  // React listens to the wheel passively: the page around would scroll along.
  useEffect(() => {
    const element = surface.current;
    if (element === null) return;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const at = pointAt(event);
      if (at !== null)
        act({ kind: "scroll", ...at, dx: Math.round(event.deltaX), dy: Math.round(event.deltaY), held: "" });
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  });

  return (
    <div
      ref={surface}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
      tabIndex={0}
      className={classes.surface}
      aria-label="The page, which you act on: clicks and keys go to it. Shift and Escape leave it."
      onPointerDown={(event) => {
        event.preventDefault();
        surface.current?.focus();
        pressed.current = pointAt(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerUp={release}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={press}
      onPaste={(event) => {
        const text = event.clipboardData.getData("text/plain");
        if (text !== "") act({ kind: "type", text: text.slice(0, 10_000) });
      }}
    />
  );
}
