import type { VerifierSpec } from "@/api/types";
import { compactJson } from "@/lib/text";

type Rule = NonNullable<VerifierSpec["fields"]>[string];

/** One line of what a verifier goes by: about which part of the answer (or which state), and what holds there. */
export type RuleLine = { about: string; rule: string };

/** How a task's rollouts are verified, line by line; a task that expects no answer has no rule for one. */
export function verifierRules(verifier: VerifierSpec, { answer = true } = {}): RuleLine[] {
  const whole = { about: "whole answer", rule: ruleInWords(verifier) || "typed and exact, numbers within 1e-9" };
  return [
    ...(answer ? [whole] : []),
    ...Object.entries(verifier.fields ?? {}).map(([path, rule]) => ({ about: path, rule: ruleInWords(rule) })),
    ...(verifier.state ?? []).map((check) => ({
      about: `state: ${check.name}`,
      rule: `rows of the ${check.database} database are ${compactJson(check.expect, 80)}`,
    })),
    ...(verifier.partial_credit ? [{ about: "reward", rule: "share of the fields that match" }] : []),
  ];
}

function ruleInWords(rule: Rule): string {
  const parts: string[] = [];
  if (rule.decimals != null) parts.push(`numbers to ${rule.decimals} decimals`);
  if (rule.tolerance != null) parts.push(`numbers within ${rule.tolerance}`);
  if (rule.normalize?.length) parts.push(`texts regardless of ${rule.normalize.join(", ")}`);
  if (rule.order === "any") parts.push("lists in any order");
  if (rule.order === "exact") parts.push("lists in this order");
  if (rule.order === "aligned") parts.push("lists permuted together, row by row");
  if (rule.alternatives?.length) {
    parts.push(`or ${rule.alternatives.map((value) => compactJson(value, 60)).join(", ")}`);
  }
  return parts.join("; ");
}
