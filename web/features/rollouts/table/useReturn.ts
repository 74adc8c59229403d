"use client";

import { useEffect, useLayoutEffect, useRef } from "react";

const JUST_NOW_MS = 3_000;

let wentBackAt = Number.NEGATIVE_INFINITY;
if (typeof window !== "undefined") {
  window.addEventListener("popstate", () => {
    wentBackAt = performance.now();
  });
}

const offsets = new Map<string, number>();

/** Whether this page was come back to, rather than opened. */
export function isReturning(): boolean {
  return performance.now() - wentBackAt < JUST_NOW_MS;
}

/** Keeps where a list was scrolled to, and goes there again when the person comes back to it. `ready`: it is as long as it was. */
export function useReturn(list: string, ready: boolean): void {
  const target = useRef(typeof window !== "undefined" && isReturning() ? offsets.get(list) : undefined);
  useLayoutEffect(() => {
    if (!ready || target.current === undefined) return;
    window.scrollTo({ top: target.current, behavior: "instant" });
    target.current = undefined;
  }, [ready]);
  useEffect(() => {
    const keep = () => {
      if (target.current === undefined) offsets.set(list, window.scrollY);
    };
    window.addEventListener("scroll", keep, { passive: true });
    return () => window.removeEventListener("scroll", keep);
  }, [list]);
}
