"use client";

import { Button, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { AGES, type ListFilters } from "../filters";
import classes from "./Facets.module.css";

type Props = Pick<ListFilters, "age" | "since" | "until"> & {
  shown: string | null;
  onChange: (change: Partial<ListFilters>) => void;
};

/** When rollouts were queued: a stretch up to now, or from one moment (UTC) to another. */
export default function TimeMenu({ age, since, until, shown, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button
          className={classes.trigger}
          variant={shown === null ? "default" : "light"}
          rightSection={<IconChevronDown size={13} />}
          onClick={() => setOpened(!opened)}
        >
          {shown === null ? "Queued" : `Queued: ${shown}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Queued" p={8}>
        <div className={classes.menu}>
          <div>
            {Object.entries(AGES).map(([name, { label }]) => (
              <UnstyledButton
                key={name}
                className={classes.choice}
                aria-pressed={name === age}
                onClick={() => {
                  const chosen = name === age ? null : (name as keyof typeof AGES);
                  onChange({ age: chosen, since: "", until: "" });
                  setOpened(false);
                }}
              >
                {label}
              </UnstyledButton>
            ))}
          </div>
          <div className={classes.stack}>
            <Moment label="From (UTC)" value={since} onChange={(value) => onChange({ age: null, since: value })} />
            <Moment label="To (UTC)" value={until} onChange={(value) => onChange({ age: null, until: value })} />
          </div>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Moment({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const day = /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00` : value.slice(0, 16);
  return (
    <TextInput
      type="datetime-local"
      label={label}
      value={day}
      onChange={(event) => onChange(event.currentTarget.value === "" ? "" : `${event.currentTarget.value}Z`)}
    />
  );
}
