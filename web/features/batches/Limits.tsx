"use client";

import { NumberInput } from "@mantine/core";
import { useState } from "react";
import type { ProblemField, RolloutLimits } from "@/api/types";
import { problemAt } from "@/lib/problems";
import classes from "./BatchForm.module.css";
import type { BatchForm } from "./form";

type Props = {
  form: BatchForm;
  problems: readonly ProblemField[];
  onChange: (change: Partial<BatchForm>) => void;
};

const FIELDS: readonly { name: keyof RolloutLimits; label: string; description: string; decimals?: boolean }[] = [
  { name: "steps", label: "Steps", description: "of the agent" },
  { name: "tokens", label: "Tokens", description: "of its model, in and out" },
  { name: "agent_seconds", label: "Agent, s", description: "to act in", decimals: true },
  { name: "total_seconds", label: "In all, s", description: "until the agent must stop", decimals: true },
  { name: "provision_seconds", label: "Environment, s", description: "to make one", decimals: true },
  { name: "browser_seconds", label: "Browser, s", description: "to open the start page", decimals: true },
  { name: "verify_seconds", label: "Verifier, s", description: "on its own deadline", decimals: true },
];

/** Limits and attempts; what is left empty is the tasks' own. Unfolds by itself where the server refused something in it. */
export function Limits({ form, problems, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  const refused = ["limits", "max_attempts", "seed"].some((field) => problemAt(problems, field) !== null);
  const whole = problems.filter(({ field }) => field === "limits");
  return (
    <details
      className={classes.more}
      open={opened || refused}
      onToggle={(event) => setOpened(event.currentTarget.open)}
    >
      <summary>Limits and attempts</summary>
      <div className={classes.grid}>
        {FIELDS.map(({ name, label, description, decimals = false }) => (
          <NumberInput
            key={name}
            label={label}
            description={description}
            placeholder="the task's"
            min={decimals ? 0 : 1}
            allowDecimal={decimals}
            allowNegative={false}
            value={form.limits[name] ?? ""}
            error={problemAt(problems, `limits.${name}`)}
            onChange={(value) =>
              onChange({ limits: { ...form.limits, [name]: typeof value === "number" ? value : null } })
            }
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
        {whole.length > 0 && (
          <p className={`${classes.failure} ${classes.wide}`} role="alert">
            {problemAt(whole, "limits")}
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
