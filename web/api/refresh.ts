/** What of the pages an event makes out of date, and how soon that is asked for again. */
import type { QueryKey } from "@tanstack/react-query";
import type { StreamEvent } from "./types";

const SOON_MS = 50; // events come in bursts
/** Lists are asked for no more often than this, however much happens. */
const GAPS_MS: Record<string, number> = {
  tasks: 3000,
  batches: 1000,
  health: 1000,
  workers: 1000,
  rollouts: 500,
  overview: 1000,
  analytics: 5000,
  facets: 5000,
};
const USUAL_GAP_MS = 250;

/** The queries whose answers an event changes. */
export function outdatedBy({ kind, rollout_id, batch_id, task_id, data }: StreamEvent): QueryKey[] {
  const counts = [
    ["tasks"],
    ["task", task_id],
    ["batches"],
    ["batch", batch_id],
    ["rollouts"],
    ["facets"],
    ["health"],
    ["overview"],
    ["analytics"],
  ];
  switch (kind) {
    case "rollout.step":
      return [
        ["rollout", rollout_id],
        ["steps", rollout_id],
      ];
    case "question.asked":
    case "question.answered":
    case "takeover.changed":
      return [["people"]];
    case "rollout.status":
      return [
        ["rollout", rollout_id],
        ["row", rollout_id],
        ["attempts", rollout_id],
        ["steps", rollout_id],
        ["workers"],
        ["people"],
        ["occupied"],
        ...counts,
      ];
    case "rollout.deleted":
      return [["row", rollout_id], ...counts];
    case "batch.created":
    case "batch.changed":
    case "batch.ended":
    case "batch.deleted":
      return [["task"], ...counts.filter(([name]) => name !== "task")];
    case "tasks.uploaded":
      return [["tasks"], ["task"]];
    case "worker.changed":
      return [["workers"], ["health"], ["overview"]];
    case "quota.changed":
      return [["quotas"], ["health"], ["overview"]];
    case "template.build":
      return [["environments"], ["build", data?.name], ["superfluous"]];
  }
}

/** Collects what is out of date, and refreshes each of it soon, but not again at once. */
export class Refresher {
  #refresh: (key: QueryKey) => void;
  #due = new Map<string, { key: QueryKey; at: number }>();
  #refreshed = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(refresh: (key: QueryKey) => void) {
    this.#refresh = refresh;
  }

  add(events: readonly StreamEvent[]): void {
    const now = Date.now();
    for (const key of events.flatMap(outdatedBy)) {
      const name = JSON.stringify(key);
      if (this.#due.has(name)) continue;
      const earliest = (this.#refreshed.get(name) ?? 0) + (GAPS_MS[String(key[0])] ?? USUAL_GAP_MS);
      this.#due.set(name, { key, at: Math.max(now + SOON_MS, earliest) });
    }
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due.clear();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#due.size === 0) return;
    const next = Math.min(...[...this.#due.values()].map(({ at }) => at));
    this.#timer = setTimeout(() => this.#refreshDue(), Math.max(0, next - Date.now()));
  }

  #refreshDue(): void {
    const now = Date.now();
    for (const [name, { key, at }] of this.#due) {
      if (at > now) continue;
      this.#due.delete(name);
      this.#refreshed.set(name, now);
      this.#refresh(key);
    }
    if (this.#refreshed.size > 1000) this.#refreshed.clear();
    this.#wait();
  }
}
