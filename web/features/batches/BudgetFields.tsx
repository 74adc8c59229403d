import type { Budget, ProblemField } from "@/api/types";
import { OptionalNumber } from "@/components/OptionalNumber";
import { problemAt } from "@/lib/problems";

type Props = { budget: Budget; problems: readonly ProblemField[]; onChange: (budget: Budget) => void };

const SHARED = { placeholder: "no limit", min: 0, allowNegative: false, thousandSeparator: "," };

/** What all rollouts of a batch together may take; what is left empty is without limit. */
export function BudgetFields({ budget, problems, onChange }: Props) {
  return (
    <>
      <OptionalNumber
        {...SHARED}
        label="Budget of the batch ($)"
        description="then it is paused"
        value={budget.cost}
        error={problemAt(problems, "budget.cost")}
        onChange={(cost) => onChange({ ...budget, cost })}
      />
      <OptionalNumber
        {...SHARED}
        allowDecimal={false}
        label="Tokens of the batch"
        description="in and out; likewise"
        value={budget.tokens}
        error={problemAt(problems, "budget.tokens")}
        onChange={(tokens) => onChange({ ...budget, tokens })}
      />
    </>
  );
}
