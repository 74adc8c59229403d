"use client";

import { useSyncExternalStore } from "react";
import { formatMoment, formatRelative } from "@/lib/format";
import { usePreferences } from "@/lib/preferences";

const TICK_MS = 1000;

/** One clock for all times on a page: null while the page is not yet alive, as the export was made at another time. */
export function useNow(): number | null {
  return useSyncExternalStore(subscribeToClock, currentSecond, () => null);
}

function subscribeToClock(onTick: () => void) {
  const timer = setInterval(onTick, TICK_MS);
  return () => clearInterval(timer);
}

const currentSecond = () => Math.floor(Date.now() / TICK_MS) * TICK_MS;

type Props = { iso: string; whole?: boolean };

/** A moment: how long ago, with date and time on hovering; `whole`: date and time. In the zone that the person prefers. */
export function Time({ iso, whole = false }: Props) {
  const now = useNow();
  const { timeZone } = usePreferences();
  if (now === null) return null;
  const moment = formatMoment(iso, timeZone);
  return (
    <time dateTime={iso} title={moment}>
      {whole ? moment : formatRelative(iso, now, timeZone)}
    </time>
  );
}

/** Seconds since a moment, counting. */
export function useSecondsSince(iso: string | null): number | null {
  const now = useNow();
  return iso === null || now === null ? null : Math.max(0, (now - Date.parse(iso)) / 1000);
}
