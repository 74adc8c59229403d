/** What a person prefers, kept by this browser. A browser that keeps nothing has the defaults until the page is left. */
import { useSyncExternalStore } from "react";

export type TimeZone = "local" | "utc";

export type Preferences = {
  /** The zone that times are shown in. */
  timeZone: TimeZone;
  /** Whether single keys do something. Those with Ctrl or Cmd always do. */
  shortcuts: boolean;
  /** Whether the browser shows a notification when a batch ends. */
  notifications: boolean;
};

export const DEFAULTS: Preferences = { timeZone: "local", shortcuts: true, notifications: false };

const KEY = "rolldeck-preferences";

let known: { text: string | null; preferences: Preferences } = { text: null, preferences: DEFAULTS };
const listeners = new Set<() => void>();

export function preferences(): Preferences {
  const text = stored();
  if (text !== known.text) known = { text, preferences: read(text) };
  return known.preferences;
}

export function setPreferences(change: Partial<Preferences>): void {
  const next = { ...preferences(), ...change };
  const text = JSON.stringify(next);
  keep(text);
  known = { text: stored(), preferences: next };
  for (const tell of listeners) tell();
}

/** The preferences; the defaults while the page is not yet alive, as the export knows no browser. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences, () => DEFAULTS);
}

function subscribe(tell: () => void) {
  listeners.add(tell);
  window.addEventListener("storage", tell); // changed in another tab
  return () => {
    listeners.delete(tell);
    window.removeEventListener("storage", tell);
  };
}

function stored(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return known.text;
  }
}

function keep(text: string): void {
  try {
    window.localStorage.setItem(KEY, text);
  } catch {
    // It is kept until the page is left.
  }
}

/** What is stored may be of another version, or of anybody: only what is understood counts. */
function read(text: string | null): Preferences {
  const found = parse(text);
  return {
    timeZone: found.timeZone === "utc" ? "utc" : "local",
    shortcuts: found.shortcuts !== false,
    notifications: found.notifications === true,
  };
}

function parse(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
