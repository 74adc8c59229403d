/** Addresses of rollouts, for whatever stands for some of them. */
import type { RolloutQuery } from "@/api/types";
import { searchOf } from "./query";

/** What a list of rollouts is narrowed to by a link; see `filters.ts`. */
export type Narrowing = {
  q?: string;
  outcome?: "success" | "wrong" | "failed" | "cancelled" | "completed" | "live" | "pending" | "running";
  task?: string;
  tag?: string;
  agent?: string;
  model?: string | null;
  batch?: string;
  error?: string;
  since?: string;
  until?: string;
  sort?: "longest" | "most_steps";
};

export function rolloutsHref(narrowing: Narrowing): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(narrowing)) if (value) search.set(name, value);
  const text = search.toString();
  return text === "" ? "/rollouts/" : `/rollouts/?${text}`;
}

/** The page of a rollout; with the `list` that it is opened from, the way to the ones before and after it there. */
export function rolloutHref(id: string, list?: RolloutQuery): string {
  const search = new URLSearchParams({ id });
  if (list !== undefined) search.set("list", searchOf(list).toString());
  return `/rollout/?${search}`;
}

export const taskHref = (id: string): string => `/?task=${encodeURIComponent(id)}`;
