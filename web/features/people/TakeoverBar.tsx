"use client";

import { ActionIcon, Button, TextInput } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowLeft,
  IconArrowRight,
  IconChevronDown,
  IconChevronUp,
  IconCornerDownLeft,
  IconHandGrab,
} from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import type { Action } from "@/api/types";
import classes from "./TakeoverBar.module.css";
import type { Control } from "./useTakeover";

const A_SCREENFUL = 600;
const CENTRE = { x: 720, y: 450 };

/** Takes a page over and gives it back; what needs no mouse or keyboard on the picture is done from here, too. */
export function TakeoverBar({ control }: { control: Control }) {
  const { takeover, isMine, canAct, problem } = control;
  const others = takeover !== null && takeover.state !== "awaited" && !isMine;
  const isAgent = takeover?.is_agent ?? false;
  return (
    <div className={classes.bar}>
      {!isMine ? (
        <>
          <Button leftSection={<IconHandGrab size={14} />} disabled={others} onClick={control.take}>
            {isAgent ? "Act in this rollout" : "Take over"}
          </Button>
          <span className={classes.words} role="status">
            {others
              ? "Another person has the page."
              : isAgent
                ? "You are the agent: it waits for you."
                : "The agent pauses after its present turn, and you act."}
          </span>
        </>
      ) : (
        <>
          <Button variant="default" leftSection={<IconArrowBackUp size={14} />} onClick={control.giveBack}>
            {isAgent ? "Leave" : "Hand back"}
          </Button>
          {canAct ? (
            <Tools act={control.act} />
          ) : (
            <span className={classes.words} role="status">
              The agent ends its turn first …
            </span>
          )}
        </>
      )}
      {problem !== null && (
        <p role="alert" className={classes.problem}>
          <bdi>{problem}</bdi>
        </p>
      )}
    </div>
  );
}

/** For fingers, and for those who do not point: going back, scrolling, typing. */
function Tools({ act }: { act: (action: Action) => void }) {
  const [text, setText] = useState("");
  const type = (event: FormEvent) => {
    event.preventDefault();
    if (text !== "") act({ kind: "type", text });
    setText("");
  };
  const scroll = (dy: number) => act({ kind: "scroll", ...CENTRE, dx: 0, dy, held: "" });
  return (
    <>
      <span className={classes.tools}>
        <Tool label="Go back" icon={<IconArrowLeft size={16} />} onClick={() => act({ kind: "back" })} />
        <Tool label="Go forward" icon={<IconArrowRight size={16} />} onClick={() => act({ kind: "forward" })} />
        <Tool label="Scroll up" icon={<IconChevronUp size={16} />} onClick={() => scroll(-A_SCREENFUL)} />
        <Tool label="Scroll down" icon={<IconChevronDown size={16} />} onClick={() => scroll(A_SCREENFUL)} />
      </span>
      <form className={classes.typing} onSubmit={type}>
        <TextInput
          aria-label="Text to type into the page"
          placeholder="Type into the page"
          maxLength={10_000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={text === ""}>
          Type
        </Button>
        <Tool
          label="Press Enter in the page"
          icon={<IconCornerDownLeft size={16} />}
          onClick={() => act({ kind: "key", keys: "Enter" })}
        />
      </form>
    </>
  );
}

type ToolProps = { label: string; icon: React.ReactNode; onClick: () => void };

function Tool({ label, icon, onClick }: ToolProps) {
  return (
    <ActionIcon variant="default" size={30} aria-label={label} title={label} onClick={onClick}>
      {icon}
    </ActionIcon>
  );
}
