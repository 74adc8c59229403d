"use client";

import { UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { prettyJson } from "@/lib/text";
import classes from "./Json.module.css";
import { ScrollBox } from "./ScrollBox";

/** So much is laid out at once; the rest of a hostile or huge value only when asked for. */
const SHOWN_CHARACTERS = 6000;

/** JSON or other text as it is, in a box that scrolls. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > SHOWN_CHARACTERS;
  return (
    <div className={classes.block}>
      <ScrollBox label={label} className={classes.scroll}>
        <pre className={classes.code}>{cut ? text.slice(0, SHOWN_CHARACTERS) : text}</pre>
      </ScrollBox>
      {cut && (
        <UnstyledButton className={classes.more} onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString("en-US")} characters
        </UnstyledButton>
      )}
    </div>
  );
}

export function JsonBlock({ value, label }: { value: unknown; label: string }) {
  return <CodeBlock text={prettyJson(value)} label={label} />;
}
