"use client";

import { NumberInput, type NumberInputProps } from "@mantine/core";
import { useState } from "react";

type Props = Omit<NumberInputProps, "value" | "onChange"> & {
  value: number | null | undefined;
  onChange: (value: number | null) => void;
};

/** A number that may be left out. What is being typed (`2.`) is not taken away while it is no number yet. */
export function OptionalNumber({ value = null, onChange, ...input }: Props) {
  const [entered, setEntered] = useState<string | number>("");
  return (
    <NumberInput
      {...input}
      value={numberIn(entered) === value ? entered : (value ?? "")}
      onChange={(next) => {
        setEntered(next);
        onChange(numberIn(next));
      }}
    />
  );
}

function numberIn(entered: string | number): number | null {
  if (typeof entered === "number") return entered;
  const number = Number.parseFloat(entered);
  return Number.isNaN(number) ? null : number;
}
