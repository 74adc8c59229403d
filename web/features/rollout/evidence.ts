import type { Evidence, Match } from "@/api/types";
import { prettyJson } from "@/lib/text";

const STATE_PREFIX = "state:";

export const MATCH_WORDS: Record<Match, string> = {
  match: "match",
  mismatch: "mismatch",
  missing: "missing",
  unexpected: "unexpected",
};

/** Where a piece of evidence was found, as its row says it. */
export type Place = { kind: "field" | "state" | "whole"; name: string };

export function placeOf(path: string): Place {
  if (path.startsWith(STATE_PREFIX)) return { kind: "state", name: path.slice(STATE_PREFIX.length).trim() };
  return path === "$" ? { kind: "whole", name: "whole answer" } : { kind: "field", name: path };
}

/** The value as a cell shows it: null where there was none to compare, which is another thing than the value null. */
export function cellText(evidence: Evidence, side: "expected" | "got"): string | null {
  if (side === "got" && evidence.verdict === "missing") return null;
  if (side === "expected" && evidence.verdict === "unexpected") return null;
  return prettyJson(evidence[side]);
}

/** What does not match first; within that the verifier's own order. */
export function sortEvidence(evidence: readonly Evidence[]): Evidence[] {
  const rank = (piece: Evidence) => (piece.verdict === "match" ? 1 : 0);
  return [...evidence].sort((left, right) => rank(left) - rank(right));
}
