"use client";

import type { ProblemField } from "@/api/types";
import { OptionalNumber } from "@/components/OptionalNumber";
import { problemAt } from "@/lib/problems";
import classes from "./BatchForm.module.css";
import { BudgetFields } from "./BudgetFields";
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
        <BudgetFields budget={form.budget} problems={problems} onChange={(budget) => onChange({ budget })} />
      </div>
    </fieldset>
  );
}
