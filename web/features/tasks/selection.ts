"use client";

import { useSyncExternalStore } from "react";

export type Selection = {
  ids: ReadonlySet<string>;
  toggle: (id: string) => void;
  add: (ids: readonly string[]) => void;
  clear: () => void;
};

const NONE: ReadonlySet<string> = new Set();
let selected = NONE;
const listeners = new Set<() => void>();

function set(ids: ReadonlySet<string>): void {
  selected = ids;
  for (const changed of listeners) changed();
}

function listen(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

function toggle(id: string): void {
  const after = new Set(selected);
  if (!after.delete(id)) after.add(id);
  set(after);
}

/** Which tasks are chosen for something that is done with several at once: the same ones on every page. */
export function useSelection(): Selection {
  const ids = useSyncExternalStore(
    listen,
    () => selected,
    () => NONE,
  );
  return { ids, toggle, add: (more) => set(new Set([...selected, ...more])), clear: () => set(NONE) };
}
