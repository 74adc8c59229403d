import type { Finding } from "@/api/types";

const URGENCY: Record<Finding["state"], number> = { missing: 0, warn: 1, ok: 2 };

/** What is missing first, then what should be looked at; within each in the doctor's own order. */
export function byUrgency(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => URGENCY[a.state] - URGENCY[b.state]);
}
