"use client";

import { SegmentedControl } from "@mantine/core";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import type { Step } from "@/api/types";
import { ActionLines } from "@/features/rollout/ActionLines";
import type { Moment } from "@/features/rollout/Replay";
import { Screenshot } from "@/features/rollout/Screenshot";
import classes from "./ChangePane.module.css";
import inspector from "./Inspector.module.css";

const LOOKS = ["slider", "beside"] as const;

/** How the page looked before a step's actions and after them: one over the other with a slider, or both. */
export function ChangePane({ moment: { steps, current }, live }: { moment: Moment; live: boolean }) {
  const [look, setLook] = useQueryState("look", parseAsStringLiteral(LOOKS).withDefault("slider"));
  const before = steps[current];
  const after = steps[current + 1];
  if (before === undefined) return <p className={inspector.nothing}>No step yet.</p>;
  return (
    <div className={classes.change}>
      <div className={classes.bar}>
        <div className={classes.actions}>
          <ActionLines results={before.actions} />
        </div>
        <SegmentedControl
          size="xs"
          aria-label="How the two are shown"
          data={[
            { value: "slider", label: "Slider" },
            { value: "beside", label: "Side by side" },
          ]}
          value={look}
          onChange={(value) => setLook(value as (typeof LOOKS)[number])}
          disabled={after === undefined}
        />
      </div>
      {after === undefined ? (
        <>
          <p className={classes.none}>
            {live ? "The step after it is not there yet." : "It is the last step: no screenshot was taken after it."}
          </p>
          <Picture step={before} caption="Before" />
        </>
      ) : look === "slider" ? (
        <Slider before={before} after={after} />
      ) : (
        <div className={classes.both}>
          <Picture step={before} caption="Before" />
          <Picture step={after} caption="After" unmarked />
        </div>
      )}
    </div>
  );
}

function Picture({ step, caption, unmarked }: { step: Step; caption: string; unmarked?: boolean }) {
  return (
    <figure className={classes.figure}>
      <figcaption>
        {caption}: step {step.index + 1}
      </figcaption>
      <div className={classes.screen}>
        <Screenshot step={step} unmarked={unmarked} />
      </div>
    </figure>
  );
}

function Slider({ before, after }: { before: Step; after: Step }) {
  const [share, setShare] = useState(50);
  return (
    <div className={classes.screen}>
      <Screenshot step={after} unmarked />
      <div className={classes.over} style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}>
        <Screenshot step={before} />
      </div>
      <span className={classes.edge} style={{ left: `${share}%` }} aria-hidden />
      <span className={classes.word} data-side="before">
        Before
      </span>
      <span className={classes.word} data-side="after">
        After
      </span>
      <input
        type="range"
        className={classes.range}
        min={0}
        max={100}
        value={share}
        onChange={({ currentTarget }) => setShare(currentTarget.valueAsNumber)}
        aria-label="How much is shown as it was before the step"
      />
    </div>
  );
}
