/** What is done with several rollouts at once: one request each, a few at a time, and in the end one sentence about all. */
import { answer, client } from "@/api/client";
import { isConflict, isMissing } from "@/api/problem";
import type { BatchRequest, Rollout, RolloutQuery } from "@/api/types";
import { formatBytes, formatCount } from "@/lib/format";
import { isLive } from "../outcome";

const AT_ONCE = 4;
const A_PAGE = 200;
/** So many can be chosen at once. */
export const MOST_CHOSEN = 1_000;

/** Does something with each, a few at a time. `told` is given how many are done. The first failure ends it. */
export async function forEach<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
  told: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      signal.throwIfAborted();
      await act(item);
      told(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export async function cancelAll(rollouts: readonly Rollout[], told: (done: number) => void, signal: AbortSignal) {
  let cancelled = 0;
  let ended = 0;
  await forEach(
    rollouts.filter(({ status }) => isLive(status)),
    async ({ id }) => {
      try {
        await answer(client.POST("/api/rollouts/{rollout_id}/cancel", { params: { path: { rollout_id: id } } }));
        cancelled += 1;
      } catch (error) {
        if (!isConflict(error) && !isMissing(error)) throw error;
        ended += 1;
      }
    },
    told,
    signal,
  );
  return `${formatCount(cancelled, "rollout")} cancelled${ended > 0 ? `; ${ended} had ended already` : ""}.`;
}

/** Deletes those that have ended; a live one would only be cancelled. Returns what was removed, in words. */
export async function deleteAll(rollouts: readonly Rollout[], told: (done: number) => void, signal: AbortSignal) {
  const removed = { rollouts: 0, attempts: 0, steps: 0, bytes: 0 };
  const ended = rollouts.filter(({ status }) => !isLive(status));
  await forEach(
    ended,
    async ({ id }) => {
      try {
        const path = { rollout_id: id };
        const gone = await answer(client.DELETE("/api/rollouts/{rollout_id}", { params: { path } }));
        removed.rollouts += 1;
        removed.attempts += gone.attempts ?? 0;
        removed.steps += gone.steps ?? 0;
        removed.bytes += gone.freed_bytes ?? 0;
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
    told,
    signal,
  );
  const live = rollouts.length - ended.length;
  const what = [formatCount(removed.attempts, "attempt"), formatCount(removed.steps, "step")].join(" and ");
  const left = live > 0 ? ` ${formatCount(live, "live one was", "live ones were")} left: cancel first.` : "";
  return `${formatCount(removed.rollouts, "rollout")} deleted, with ${what}; ${formatBytes(removed.bytes)} freed.${left}`;
}

/** The batches that try again what these rollouts tried, each as often and by the same agent with the same parameters. */
export function batchesAgain(rollouts: readonly Rollout[]): BatchRequest[] {
  const byAgent = new Map<string, Map<string, number>>();
  for (const { agent, model, parameters, task_id } of rollouts) {
    const key = JSON.stringify({ agent, model, parameters });
    const counts = byAgent.get(key) ?? new Map<string, number>();
    byAgent.set(key, counts.set(task_id, (counts.get(task_id) ?? 0) + 1));
  }
  return [...byAgent].flatMap(([key, counts]) => {
    const repeats = [...new Set(counts.values())].sort((left, right) => left - right);
    return repeats.map((often) => ({
      name: "Again",
      task_ids: [...counts].filter(([, count]) => count === often).map(([id]) => id),
      agents: [JSON.parse(key) as BatchRequest["agents"][number]],
      repeats: often,
    }));
  }) as BatchRequest[];
}

/** Starts again what was tried, in new rollouts; the old ones stay. */
export async function runAgain(rollouts: readonly Rollout[], told: (done: number) => void, signal: AbortSignal) {
  let started = 0;
  const batches = batchesAgain(rollouts);
  await forEach(
    batches,
    async (body) => {
      const batch = await answer(client.POST("/api/batches", { body }));
      started += batch.counts.total;
    },
    () => told(started),
    signal,
  );
  return `${formatCount(started, "rollout")} started in ${formatCount(batches.length, "batch", "batches")}; the earlier ones stay.`;
}

/** Everything that a query asks for, up to so many. */
export async function readAll(query: RolloutQuery, told: (done: number) => void, signal: AbortSignal) {
  const found: Rollout[] = [];
  let after: string | null | undefined;
  do {
    const page = await answer(
      client.GET("/api/rollouts", { params: { query: { ...query, limit: A_PAGE, after } }, signal }),
    );
    found.push(...page.rollouts);
    told(found.length);
    after = page.next;
  } while (after !== null && found.length < MOST_CHOSEN);
  return found.slice(0, MOST_CHOSEN);
}
