/** Files of rollouts that are fetched here, so that a person sees how far they are. */
import { ApiError } from "@/api/problem";
import type { RolloutQuery } from "@/api/types";
import { type TableFormat, tableAddress } from "../exports";

/** So many rollouts are named by one address. */
const NAMED_AT_ONCE = 200;

const MEDIA_TYPES = { csv: "text/csv", json: "application/jsonl" } satisfies Record<TableFormat, string>;

/** Rows of a table as they arrive: lines, but for those inside the quotes of a CSV field. */
export class RowCounter {
  #quoted = false;
  rows = 0;

  add(piece: Uint8Array, format: TableFormat): void {
    for (const byte of piece) {
      if (format === "csv" && byte === 0x22) this.#quoted = !this.#quoted;
      else if (byte === 0x0a && !this.#quoted) this.rows += 1;
    }
  }
}

/** Where a CSV's rows begin, after its line of names. */
export function afterFirstLine(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return content.subarray(content.indexOf(0x0a) + 1);
}

/** All that a query asks for. `told` is given how many rollouts have arrived. */
export async function fetchTable(
  format: TableFormat,
  query: RolloutQuery,
  told: (rows: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const answer = await asked(tableAddress(format, query), signal);
  const counter = new RowCounter();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const reader = answer.body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    pieces.push(read.value);
    counter.add(read.value, format);
    told(Math.max(0, counter.rows - (format === "csv" ? 1 : 0)));
  }
  return new Blob(pieces, { type: MEDIA_TYPES[format] });
}

/** The rollouts that are named, in this order. */
export async function fetchChosen(
  format: TableFormat,
  ids: readonly string[],
  told: (rows: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < ids.length; start += NAMED_AT_ONCE) {
    const some = ids.slice(start, start + NAMED_AT_ONCE);
    const search = new URLSearchParams([["format", format], ...some.map((id) => ["rollout_id", id])]);
    const content = new Uint8Array(await (await asked(`/api/exports/rollouts?${search}`, signal)).arrayBuffer());
    pieces.push(start > 0 && format === "csv" ? afterFirstLine(content) : content);
    told(start + some.length);
  }
  return new Blob(pieces, { type: MEDIA_TYPES[format] });
}

/** Has the browser save a file. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export const fileName = (format: TableFormat) => (format === "csv" ? "rollouts.csv" : "rollouts.jsonl");

async function asked(address: string, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => null));
  return answer;
}
