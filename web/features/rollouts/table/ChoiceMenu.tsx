"use client";

import { Button, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { shorten } from "@/lib/text";
import classes from "./Facets.module.css";

const SEARCHED_FROM = 9;

type Choice = { value: string; label: string; rollouts: number | null };

type Props = {
  name: string;
  choices: readonly Choice[];
  value: string | null;
  /** The value, as the button shows it. */
  shown: string | null;
  onChange: (value: string | null) => void;
};

/** One facet: a button that says what is chosen, and a list of what can be, with how many rollouts each would show. */
export default function ChoiceMenu({ name, choices, value, shown, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  const [search, setSearch] = useState("");
  const known = value === null || choices.some((choice) => choice.value === value);
  const all = known ? choices : [{ value, label: value, rollouts: null }, ...choices];
  const found = all.filter(({ label }) => label.toLowerCase().includes(search.toLowerCase()));
  const choose = (chosen: string) => {
    onChange(chosen === value ? null : chosen);
    setOpened(false);
    setSearch("");
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button
          className={classes.trigger}
          variant={value === null ? "default" : "light"}
          rightSection={<IconChevronDown size={13} />}
          onClick={() => setOpened(!opened)}
        >
          {shown === null ? name : `${name}: ${shorten(shown, 28)}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={name} p={8}>
        <div className={classes.menu}>
          {all.length >= SEARCHED_FROM && (
            <TextInput
              type="search"
              aria-label={`Search: ${name}`}
              placeholder="Search"
              data-autofocus
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
              onKeyDown={(event) => {
                const [first] = found;
                if (event.key === "Enter" && first !== undefined) choose(first.value);
              }}
            />
          )}
          <div className={classes.choices}>
            {found.map((choice) => (
              <UnstyledButton
                key={choice.value}
                className={classes.choice}
                aria-pressed={choice.value === value}
                title={choice.label}
                onClick={() => choose(choice.value)}
              >
                <bdi>{choice.label}</bdi>
                {choice.rollouts !== null && (
                  <span className={classes.count}>{choice.rollouts.toLocaleString("en-US")}</span>
                )}
              </UnstyledButton>
            ))}
            {found.length === 0 && <p className={classes.none}>Nothing to choose.</p>}
          </div>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
