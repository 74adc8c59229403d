"use client";

import { Button, NumberInput, Popover } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import classes from "./Facets.module.css";

type Props = {
  name: string;
  unit: string;
  least: number | null;
  most: number | null;
  format: (value: number) => string;
  onChange: (least: number | null, most: number | null) => void;
};

/** A range of values, open at either end. */
export default function RangeMenu({ name, unit, least, most, format, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  const words = inWords(least, most, format);
  const number = (value: string | number) => (typeof value === "number" ? value : null);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button
          className={classes.trigger}
          variant={words === null ? "default" : "light"}
          rightSection={<IconChevronDown size={13} />}
          onClick={() => setOpened(!opened)}
        >
          {words === null ? name : `${name}: ${words}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={name} p={10}>
        <div className={classes.fields}>
          <NumberInput
            label={`At least (${unit})`}
            min={0}
            hideControls
            data-autofocus
            value={least ?? ""}
            onChange={(value) => onChange(number(value), most)}
          />
          <NumberInput
            label={`At most (${unit})`}
            min={0}
            hideControls
            value={most ?? ""}
            onChange={(value) => onChange(least, number(value))}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function inWords(least: number | null, most: number | null, format: (value: number) => string): string | null {
  if (least !== null && most !== null) return `${format(least)} – ${format(most)}`;
  if (least !== null) return `≥ ${format(least)}`;
  return most === null ? null : `≤ ${format(most)}`;
}
