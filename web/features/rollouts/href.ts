/** Addresses of rollouts, for whatever stands for some of them. */

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

export const rolloutHref = (id: string): string => `/rollout/?id=${encodeURIComponent(id)}`;

export const taskHref = (id: string): string => `/?task=${encodeURIComponent(id)}`;
