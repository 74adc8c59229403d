/** Notifications of the browser that a batch has ended, for those who opted in. */
import type { StreamEvent } from "@/api/types";
import { batchHref } from "@/features/batches/batch";
import { preferences } from "@/lib/preferences";
import { shorten } from "@/lib/text";

/** Shows what of the events the person wants to be told of. Several tabs show one notification, which bears the batch's id. */
export function notifyEnds(events: readonly StreamEvent[]): void {
  const ends = events.filter(({ kind }) => kind === "batch.ended");
  if (ends.length === 0 || !preferences().notifications) return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  for (const end of ends) notify(end);
}

function notify({ batch_id, data }: StreamEvent): void {
  if (batch_id == null) return;
  const name = typeof data?.name === "string" ? shorten(data.name, 60) : `Batch ${batch_id.slice(-8)}`;
  const notification = new Notification(`${name} has ended`, { body: resultInWords(data ?? {}), tag: batch_id });
  notification.onclick = () => {
    window.focus();
    window.location.assign(batchHref(batch_id));
  };
}

function resultInWords(data: Record<string, unknown>): string {
  const count = (name: string) => (typeof data[name] === "number" ? data[name] : 0);
  const parts = [`${count("succeeded")} of ${count("completed")} completed rollouts succeeded`];
  if (count("failed") > 0) parts.push(`${count("failed")} failed`);
  if (count("cancelled") > 0) parts.push(`${count("cancelled")} cancelled`);
  return parts.join(", ");
}
