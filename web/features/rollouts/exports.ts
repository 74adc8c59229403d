/** Where the server's files of rollouts are. */
import type { RolloutQuery } from "@/api/types";
import { searchOf } from "./query";

export type TableFormat = "csv" | "json";

/** All rollouts that a list's query asks for, as a file of rows. */
export function tableAddress(format: TableFormat, query: RolloutQuery): string {
  return `/api/exports/rollouts?${new URLSearchParams([["format", format], ...searchOf(query)])}`;
}

/** One rollout: as a zip file with everything, or as a page that opens from a file. */
export function rolloutFileAddress(id: string, kind: "zip" | "report"): string {
  return `/api/exports/rollouts/${encodeURIComponent(id)}/${kind}`;
}
