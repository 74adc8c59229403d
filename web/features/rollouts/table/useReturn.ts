"use client";

import { useEffect, useLayoutEffect, useRef } from "react";

const here = () => `${window.location.pathname}${window.location.search}`;

let cameBackTo: string | null = null;
if (typeof window !== "undefined") {
  const note = () => {
    cameBackTo = here();
  };
  const forget = () => {
    cameBackTo = null; // whoever follows a link to the same address opens it anew
  };
  for (const kind of ["click", "keydown"]) window.addEventListener(kind, forget, { capture: true });
  window.addEventListener("popstate", note, { capture: true }); // before the router, which may draw the page at once
}

const offsets = new Map<string, number>();

/** Whether this page was come back to, rather than opened. */
export function isReturning(): boolean {
  return cameBackTo !== null && cameBackTo === here();
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
