"use client";

import { Select, TextInput } from "@mantine/core";
import type { Agent } from "@/api/types";
import { OptionalNumber } from "@/components/OptionalNumber";
import classes from "./BatchForm.module.css";
import type { Parameters } from "./options";
import { Prompt } from "./Prompt";
import { fieldsOf, type ParameterField, PROMPT, usualPrompt } from "./parameters";

type Props = {
  agent: Agent;
  /** Which of several agents it is, for those who do not see where the field stands. */
  of: string;
  parameters: Parameters;
  /** The instruction that the preview shows; undefined without a task. */
  task: string | undefined;
  problemOf: (field: string) => string | null;
  onChange: (parameters: Parameters) => void;
};

/** Everything that an agent can be told, as it says itself: its instruction and policies. What is left empty is as usual. */
export function ParameterFields({ agent, of, parameters, task, problemOf, onChange }: Props) {
  const set = (name: string, value: unknown) => {
    const { [name]: _, ...others } = parameters;
    onChange(value === undefined || value === null || value === "" ? others : { ...others, [name]: value });
  };
  const prompt = usualPrompt(agent.parameters);
  return (
    <div className={classes.parameters}>
      {prompt !== null && (
        <Prompt
          label={`Instruction of ${of}`}
          usual={prompt}
          value={parameters[PROMPT]}
          task={task}
          error={problemOf(PROMPT)}
          onChange={(value) => set(PROMPT, value)}
        />
      )}
      <div className={classes.grid}>
        {fieldsOf(agent.parameters).map((field) => (
          <Field
            key={field.name}
            field={field}
            value={parameters[field.name]}
            error={problemOf(field.name)}
            onChange={(value) => set(field.name, value)}
          />
        ))}
      </div>
    </div>
  );
}

type FieldProps = {
  field: ParameterField;
  value: unknown;
  error: string | null;
  onChange: (value: unknown) => void;
};

function Field({ field, value, error, onChange }: FieldProps) {
  const shared = {
    label: field.label,
    description: field.description,
    placeholder: field.usual === null ? "as usual" : String(field.usual),
    error,
  };
  switch (field.kind) {
    case "choice":
    case "switch":
      return (
        <Select
          {...shared}
          data={field.kind === "switch" ? ["true", "false"] : [...field.choices]}
          value={value === undefined ? null : String(value)}
          clearable
          clearButtonProps={{ "aria-label": `${field.label}: as usual` }}
          onChange={(chosen) => onChange(field.kind === "switch" && chosen !== null ? chosen === "true" : chosen)}
        />
      );
    case "number":
      return (
        <OptionalNumber
          {...shared}
          min={field.min}
          max={field.max}
          allowDecimal={!field.whole}
          value={typeof value === "number" ? value : null}
          onChange={onChange}
        />
      );
    case "text":
      return (
        <TextInput
          {...shared}
          value={value === undefined ? "" : String(value)}
          onChange={(event) => onChange(wholeOrText(event.currentTarget.value))}
        />
      );
  }
}

const wholeOrText = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : text);
