import { failureOf } from "@/api/problem";

type HealthQuery = {
  data?: { status: "ok" | "degraded"; database: "ok" | "unreachable"; live_rollouts: number; version: string };
  error: unknown;
};

export type Connection = { live: number | null; version: string | null; warning: string | null };

/** What the page knows of the server; `warning` is for a person, null while all is well. */
export function connectionOf({ data, error }: HealthQuery): Connection {
  const live = data?.live_rollouts ?? null;
  const version = data?.version ?? null;
  if (error !== null && error !== undefined) {
    const kept = data === undefined ? "" : " What you see is the last that it said.";
    const { detail, unreachable } = failureOf(error);
    return {
      live: null,
      version,
      warning: unreachable ? `${detail}${kept}` : `The server is unwell: ${detail}${kept}`,
    };
  }
  if (data?.database === "unreachable") {
    return { live, version, warning: "The server cannot reach its database." };
  }
  return { live, version, warning: null };
}
