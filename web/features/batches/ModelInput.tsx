"use client";

import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useModels } from "@/api/installation";

import type { KnownModel } from "@/api/types";
import classes from "./ModelInput.module.css";
import { modelsOf } from "./options";

type Props = Omit<AutocompleteProps, "data" | "value" | "onChange"> & {
  agent: string | null;
  value: string;
  onChange: (model: string) => void;
};

/** Names an agent's model: one of the known ones, with what it costs, or any other; nothing is the first known one. */
export function ModelInput({ agent, value, onChange, ...input }: Props) {
  const models = modelsOf(agent, useModels().data ?? []);
  const usual = models[0]?.id;
  return (
    <Autocomplete
      size="xs"
      aria-label="Model"
      placeholder={usual === undefined ? "name of the model" : `${usual} (usual)`}
      data={models.map(({ id }) => id)}
      value={value}
      onChange={onChange}
      limit={50}
      maxLength={200}
      spellCheck={false}
      autoComplete="off"
      comboboxProps={{ width: 320, position: "bottom-start" }}
      renderOption={({ option }) => <ModelOption model={models.find(({ id }) => id === option.value)} />}
      {...input}
    />
  );
}

function ModelOption({ model }: { model?: KnownModel }) {
  if (model === undefined) return null;
  return (
    <span className={classes.option}>
      <strong>{model.id}</strong>
      <span className={classes.about}>{aboutModel(model)}</span>
    </span>
  );
}

/** What is known of a model: its prices for a million tokens, and how many a request may have. */
export function aboutModel({ prices, context }: KnownModel): string {
  const cost = prices == null ? "prices unknown" : `$${prices.input} in, $${prices.output} out per million tokens`;
  return context == null ? cost : `${cost} · context of ${tokens(context)}`;
}

function tokens(count: number): string {
  return count >= 1_000_000 ? `${+(count / 1_000_000).toFixed(1)} M` : `${Math.round(count / 1000)} k`;
}
