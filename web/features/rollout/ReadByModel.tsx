import type { Extraction } from "@/api/types";
import { formatCost, formatCount } from "@/lib/format";
import classes from "./ReadByModel.module.css";

/** That a model was asked to read the answer: which one, why, and what that took. */
export function ReadByModel({ extraction }: { extraction: Extraction }) {
  const { usage } = extraction;
  const tokens = usage.input_tokens + usage.output_tokens;
  const cost = `cost: ${formatCost(usage.cost ?? null)}`;
  return (
    <p className={classes.note}>
      {extraction.textual_problem}, so <strong>{extraction.model}</strong> ({extraction.provider}) was asked to read the
      answer{extraction.found ? "." : `, and could not: ${extraction.problem}.`}{" "}
      <span className={classes.usage}>
        {formatCount(tokens, "token")}, {cost}, not the agent’s own.
      </span>
    </p>
  );
}
