"use client";

import { NumberInput } from "@mantine/core";
import { useState } from "react";
import type { ProblemField, RolloutLimits } from "@/api/types";
import { OptionalNumber } from "@/components/OptionalNumber";
import { problemAt } from "@/lib/problems";
import classes from "./BatchForm.module.css";
import type { BatchForm } from "./form";

type Props = {
  form: BatchForm;
  problems: readonly ProblemField[];
  onChange: (change: Partial<BatchForm>) => void;
};

type Field = { name: keyof RolloutLimits; label: string; description: string; otherwise: string; whole?: boolean };

/** `otherwise`: what holds where a field is left empty. */
const FIELDS: readonly Field[] = [
  { name: "steps", label: "Steps", description: "of the agent", otherwise: "the task's", whole: true },
  {
    name: "stall_steps",
    label: "Alike steps",
    description: "until a hint; twice: the end",
    otherwise: "no limit",
    whole: true,
  },
  { name: "agent_seconds", label: "Agent (s)", description: "to act in", otherwise: "the task's" },
  { name: "total_seconds", label: "In all (s)", description: "until it must stop", otherwise: "no limit" },
  { name: "provision_seconds", label: "Environment (s)", description: "to make one", otherwise: "default" },
  { name: "browser_seconds", label: "Browser (s)", description: "to open the start page", otherwise: "default" },
  { name: "verify_seconds", label: "Verifier (s)", description: "on its own deadline", otherwise: "default" },
];

/** What models may take is entered elsewhere. */
const withoutSpending = (problems: readonly ProblemField[]) =>
  problems.filter(({ field }) => field !== "limits.cost" && field !== "limits.tokens");

/** Limits and attempts; what is left empty is the task's own, or the default. Unfolds by itself where the server refused something in it. */
export function Limits({ form, problems, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  const refused = ["limits", "max_attempts", "seed"].some(
    (field) => problemAt(withoutSpending(problems), field) !== null,
  );
  const together = problems.filter(({ field }) => field === "limits");
  return (
    <details
      className={classes.more}
      open={opened || refused}
      onToggle={(event) => setOpened(event.currentTarget.open)}
    >
      <summary>Limits and attempts</summary>
      <div className={classes.grid}>
        {FIELDS.map(({ name, label, description, otherwise, whole = false }) => (
          <OptionalNumber
            key={name}
            label={label}
            description={description}
            placeholder={otherwise}
            min={whole ? 1 : 0}
            allowDecimal={!whole}
            allowNegative={false}
            value={form.limits[name]}
            error={problemAt(problems, `limits.${name}`)}
            onChange={(value) => onChange({ limits: { ...form.limits, [name]: value } })}
          />
        ))}
        <NumberInput
          label="Attempts"
          description="first one included"
          min={1}
          max={20}
          allowDecimal={false}
          clampBehavior="strict"
          value={form.maxAttempts}
          error={problemAt(problems, "max_attempts")}
          onChange={(value) => onChange({ maxAttempts: typeof value === "number" ? value : 1 })}
        />
        <NumberInput
          label="Seed"
          description="of the first repeat"
          min={0}
          allowDecimal={false}
          allowNegative={false}
          value={form.seed}
          error={problemAt(problems, "seed")}
          onChange={(value) => onChange({ seed: typeof value === "number" ? value : 0 })}
        />
        {together.length > 0 && (
          <p className={`${classes.failure} ${classes.wide}`} role="alert">
            {problemAt(together, "limits")}
          </p>
        )}
      </div>
      <p className={classes.hint}>
        Out of steps, tokens or time to act, an agent is truncated, and what it did is still verified. Where making
        ready takes longer than allowed, the attempt fails; only failures of infrastructure are tried again.
      </p>
    </details>
  );
}
