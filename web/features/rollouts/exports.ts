/** Where the server's files of rollouts are. */
import type { RolloutQuery } from "@/api/types";

export type TableFormat = "csv" | "json";

/** All rollouts that a list's query asks for, as a file of rows. */
export function tableAddress(format: TableFormat, query: RolloutQuery): string {
  const search = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) if (each !== null && each !== undefined) search.append(name, String(each));
  }
  return `/api/exports/rollouts?${search}`;
}

/** One rollout: as a zip file with everything, or as a page that opens from a file. */
export function rolloutFileAddress(id: string, kind: "zip" | "report"): string {
  return `/api/exports/rollouts/${encodeURIComponent(id)}/${kind}`;
}
