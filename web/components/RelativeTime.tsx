"use client";

import { useSyncExternalStore } from "react";
import { formatMoment, formatRelative } from "@/lib/format";

const TICK_MS = 1000;

/** One clock for all times on a page: null while the page is not yet alive, as the export was made at another time. */
function useNow(): number | null {
  return useSyncExternalStore(subscribeToClock, currentSecond, () => null);
}

function subscribeToClock(onTick: () => void) {
  const timer = setInterval(onTick, TICK_MS);
  return () => clearInterval(timer);
}

const currentSecond = () => Math.floor(Date.now() / TICK_MS) * TICK_MS;

export function RelativeTime({ iso }: { iso: string }) {
  const now = useNow();
  if (now === null) return null;
  return (
    <time dateTime={iso} title={formatMoment(iso)}>
      {formatRelative(iso, now)}
    </time>
  );
}

/** Seconds since a moment, counting. */
export function useSecondsSince(iso: string | null): number | null {
  const now = useNow();
  return iso === null || now === null ? null : Math.max(0, (now - Date.parse(iso)) / 1000);
}
