import { failureOf } from "@/api/problem";
import type { Health } from "@/api/types";

type HealthQuery = { data?: Health; error: unknown };

/** `warning` is for a person, null while all is well. `blocked`: rollouts wait and nobody claims them; why, reason by reason. */
export type Connection = {
  live: number | null;
  version: string | null;
  warning: string | null;
  blocked: readonly string[] | null;
};

/** What the page knows of the server. */
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
      blocked: null,
    };
  }
  if (data?.database === "unreachable") {
    return { live, version, warning: "The server cannot reach its database.", blocked: null };
  }
  const waits = data !== undefined && data.live_rollouts > 0 && !data.claiming;
  return { live, version, warning: null, blocked: waits ? data.blocked : null };
}
