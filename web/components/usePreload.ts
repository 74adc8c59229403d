"use client";

import { useEffect } from "react";

const AT_REST_MS = 1500;

/**
 * Fetches the code of a component that the first load of a page does without, once the page is at rest: so it is there when it is
 * wanted, also after the server went away. Nothing happens when it cannot be fetched; it is tried again when it is wanted.
 */
export function usePreload(load: () => Promise<unknown>): void {
  useEffect(() => {
    const whenAtRest = setTimeout(() => load().catch(() => undefined), AT_REST_MS);
    return () => clearTimeout(whenAtRest);
  }, [load]);
}
