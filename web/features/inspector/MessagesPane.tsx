"use client";

import { useEffect, useRef } from "react";
import type { Step } from "@/api/types";
import { CodeBlock } from "@/components/Json";
import { LongText } from "@/components/LongText";
import { ScrollBox } from "@/components/ScrollBox";
import { ActionLines } from "@/features/rollout/ActionLines";
import { keepInSight } from "@/features/rollout/keepInSight";
import type { Moment } from "@/features/rollout/Replay";
import { formatOffset } from "@/lib/format";
import { inWords } from "./confirmations";
import inspector from "./Inspector.module.css";
import classes from "./MessagesPane.module.css";

/** What model and page said to each other, from the first prompt on; the present step is kept in sight. */
export function MessagesPane({ moment, live }: { moment: Moment; live: boolean }) {
  const { steps, current, choose } = moment;
  const prompt = steps[0]?.prompt;
  if (steps.length === 0) {
    return <p className={inspector.nothing}>{live ? "Nothing was said yet." : "The agent took no step."}</p>;
  }
  return (
    <>
      {prompt != null && (
        <details className={classes.prompt}>
          <summary>What the model was told first, to the letter</summary>
          <CodeBlock text={prompt} label="Prompt" />
        </details>
      )}
      <ScrollBox label="Messages" className={classes.scroll}>
        <ol>
          {steps.map((step, position) => (
            <Turn key={step.index} step={step} current={position === current} onChoose={() => choose(position)} />
          ))}
        </ol>
      </ScrollBox>
    </>
  );
}

function Turn({ step, current, onChoose }: { step: Step; current: boolean; onChoose: () => void }) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (current) keepInSight(row.current, `.${classes.scroll}`);
  }, [current]);
  const { index, offset, notice, thoughts, message, actions, confirmations } = step;
  return (
    <li ref={row} className={classes.turn} data-current={current || undefined}>
      <button type="button" className={classes.step} onClick={onChoose} aria-current={current ? "step" : undefined}>
        Step {index + 1}
        <span className={classes.offset}>{formatOffset(offset)}</span>
      </button>
      <div className={classes.said}>
        {notice && <Said who="Page" kind="page" text={notice} />}
        {thoughts && <Said who="Thoughts" kind="thoughts" text={thoughts} />}
        {message && <Said who="Model" kind="model" text={message} />}
        {confirmations.map((confirmation) => (
          <Said key={inWords(confirmation)} who="Safety" kind="safety" text={inWords(confirmation)} />
        ))}
        <div className={classes.line}>
          <span className={classes.who}>Actions</span>
          <div>
            <ActionLines results={actions} />
          </div>
        </div>
      </div>
    </li>
  );
}

type Kind = "page" | "thoughts" | "model" | "safety";

function Said({ who, kind, text }: { who: string; kind: Kind; text: string }) {
  return (
    <div className={classes.line} data-kind={kind}>
      <span className={classes.who}>{who}</span>
      <LongText text={text} limit={4000} />
    </div>
  );
}
