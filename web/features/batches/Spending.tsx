"use client";

import type { ProblemField } from "@/api/types";
import { OptionalNumber } from "@/components/OptionalNumber";
import { problemAt } from "@/lib/problems";
import classes from "./BatchForm.module.css";
import type { BatchForm } from "./form";

type Props = {
  form: BatchForm;
  problems: readonly ProblemField[];
  onChange: (change: Partial<BatchForm>) => void;
};

/** What models may take: each rollout, and all of them together. */
export function Spending({ form, problems, onChange }: Props) {
  const limit = (name: "tokens" | "cost", value: number | null) =>
    onChange({ limits: { ...form.limits, [name]: value } });
  const budget = (name: "tokens" | "cost", value: number | null) =>
    onChange({ budget: { ...form.budget, [name]: value } });
  const shared = { placeholder: "no limit", min: 0, allowNegative: false, thousandSeparator: "," };
  return (
    <fieldset className={classes.group}>
      <legend>Spending</legend>
      <div className={classes.grid}>
        <OptionalNumber
          {...shared}
          label="Cost of a rollout ($)"
          description="then its agent is stopped"
          value={form.limits.cost}
          error={problemAt(problems, "limits.cost")}
          onChange={(value) => limit("cost", value)}
        />
        <OptionalNumber
          {...shared}
          allowDecimal={false}
          label="Tokens of a rollout"
          description="in and out; likewise"
          value={form.limits.tokens}
          error={problemAt(problems, "limits.tokens")}
          onChange={(value) => limit("tokens", value)}
        />
        <OptionalNumber
          {...shared}
          label="Budget of the batch ($)"
          description="then it is paused"
          value={form.budget.cost}
          error={problemAt(problems, "budget.cost")}
          onChange={(value) => budget("cost", value)}
        />
        <OptionalNumber
          {...shared}
          allowDecimal={false}
          label="Tokens of the batch"
          description="in and out; likewise"
          value={form.budget.tokens}
          error={problemAt(problems, "budget.tokens")}
          onChange={(value) => budget("tokens", value)}
        />
      </div>
    </fieldset>
  );
}
