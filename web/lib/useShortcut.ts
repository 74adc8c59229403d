"use client";

import { type HotkeyCallback, type Keys, type Options, useHotkeys } from "react-hotkeys-hook";
import { usePreferences } from "./preferences";

/** Single keys that do something, unless the person has switched shortcuts off. Listed in `features/shell/shortcuts.ts`. */
export function useShortcut(keys: Keys, act: HotkeyCallback, options: Options = {}): void {
  const { shortcuts } = usePreferences();
  useHotkeys(keys, act, { ...options, enabled: shortcuts && (options.enabled ?? true) });
}
