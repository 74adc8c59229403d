"use client";

import { useEffect, useRef } from "react";
import type { Step } from "@/api/types";
import { LiveDot } from "@/components/LiveDot";
import { formatOffset } from "@/lib/format";
import { shorten } from "@/lib/text";
import { ActionLines } from "./ActionLines";
import { keepInSight } from "./keepInSight";
import classes from "./StepList.module.css";

type Props = { steps: readonly Step[]; current: number; live: boolean; onChoose: (position: number) => void };

/** The steps of a rollout, in order; the highlighted one is kept in sight. */
export function StepList({ steps, current, live, onChoose }: Props) {
  return (
    <section className={classes.panel} aria-label="Steps">
      <header className={classes.header}>
        <h2 className={classes.title}>Steps</h2>
        {live ? <LiveDot label="in progress" /> : <span className={classes.hint}>← → to move</span>}
      </header>
      <div className={classes.scroll}>
        <ol className={classes.list}>
          {steps.map((step, position) => (
            <StepRow key={step.index} step={step} current={position === current} onChoose={() => onChoose(position)} />
          ))}
        </ol>
        {steps.length === 0 && <p className={classes.none}>{live ? "No step yet." : "The agent took no step."}</p>}
      </div>
    </section>
  );
}

function StepRow({ step, current, onChoose }: { step: Step; current: boolean; onChoose: () => void }) {
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (current) keepInSight(row.current, `.${classes.scroll}`);
  }, [current]);
  return (
    <li>
      <button
        ref={row}
        type="button"
        className={classes.step}
        aria-current={current ? "step" : undefined}
        onClick={onChoose}
      >
        <span className={classes.number}>{step.index + 1}</span>
        {/* biome-ignore lint/performance/noImgElement: a static export has no image server */}
        <img className={classes.thumbnail} src={step.screenshot_url} alt="" loading="lazy" decoding="async" />
        <span className={classes.text}>
          {step.source === "human" && <span className={classes.person}>A person</span>}
          <span className={classes.actions}>
            <ActionLines results={step.actions} />
          </span>
          {step.message && <bdi className={classes.message}>{shorten(step.message, 300)}</bdi>}
        </span>
        <span className={classes.offset}>{formatOffset(step.offset)}</span>
      </button>
    </li>
  );
}
