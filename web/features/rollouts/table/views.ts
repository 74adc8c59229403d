"use client";

import { useLocalStorage } from "@mantine/hooks";

/** A named way to look at rollouts; `search` is the address's query, which is all of it. */
export type SavedView = { name: string; search: string };

const MOST_VIEWS = 50;

export const READY_VIEWS: readonly SavedView[] = [
  { name: "Wrong answers", search: "?outcome=wrong" },
  { name: "Failures of the last 24 hours", search: "?outcome=failed&age=day" },
  { name: "In progress", search: "?outcome=live" },
  { name: "Longest of the last 7 days", search: "?age=week&sort=longest" },
];

/** The views with one more, the newest first; one of the same name is replaced. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  return [view, ...views.filter(({ name }) => name !== view.name)].slice(0, MOST_VIEWS);
}

/** What of an address makes a view: not what is open beside the list. */
export function searchOfView(search: string): string {
  const parameters = new URLSearchParams(search);
  parameters.delete("peek");
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Whatever the browser's storage holds, as views: what is none is left out. */
export function readViews(stored: unknown): SavedView[] {
  if (!Array.isArray(stored)) return [];
  return stored
    .filter((each): each is SavedView => typeof each?.name === "string" && typeof each?.search === "string")
    .filter(({ search }) => search === "" || search.startsWith("?"));
}

export function useSavedViews() {
  const [views, setViews] = useLocalStorage<SavedView[]>({
    key: "rolldeck-rollout-views",
    defaultValue: [],
    deserialize: (text) => {
      try {
        return readViews(JSON.parse(text ?? "[]"));
      } catch {
        return [];
      }
    },
  });
  return {
    views,
    save: (view: SavedView) => setViews((before) => withView(before, view)),
    remove: (name: string) => setViews((before) => before.filter((view) => view.name !== name)),
  };
}
