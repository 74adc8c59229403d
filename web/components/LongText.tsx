"use client";

import { UnstyledButton } from "@mantine/core";
import { useState } from "react";
import classes from "./LongText.module.css";

const SHOWN_CHARACTERS = 2000;

type Props = { text: string; limit?: number; className?: string };

/** Text that others wrote, in a line of its own direction; of a very long one the beginning, and the rest only when asked for. */
export function LongText({ text, limit = SHOWN_CHARACTERS, className }: Props) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > limit;
  return (
    <span className={className}>
      <bdi className={classes.text}>{cut ? `${text.slice(0, limit)}…` : text}</bdi>
      {cut && (
        <UnstyledButton className={classes.more} onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString("en-US")} characters
        </UnstyledButton>
      )}
    </span>
  );
}
