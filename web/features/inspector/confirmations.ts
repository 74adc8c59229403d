import type { Step } from "@/api/types";

type Confirmation = Step["confirmations"][number];

const DECISION_WORDS: Record<Confirmation["decision"], string> = {
  allowed_by_policy: "allowed by the rollout’s policy",
  denied_by_policy: "denied by the rollout’s policy",
  allowed_by_person: "allowed by a person",
  denied_by_person: "denied by a person",
  unanswered: "nobody answered",
};

/** An action that the model's provider wanted confirmed, why, and what became of it. */
export function inWords({ action, concern, decision }: Confirmation): string {
  return `${action}: ${concern} — ${DECISION_WORDS[decision]}`;
}
