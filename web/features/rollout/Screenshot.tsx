"use client";

import { useState } from "react";
import type { Step } from "@/api/types";
import { actionInWords, type Point, pointsOf } from "./action";
import classes from "./Screenshot.module.css";

type Size = { width: number; height: number };

/** What the agent saw before it acted, with the points where it then acted marked. */
export function Screenshot({ step, unmarked = false }: { step: Step; unmarked?: boolean }) {
  const [size, setSize] = useState<Size | null>(null);
  const [broken, setBroken] = useState<string | null>(null);
  if (broken === step.screenshot_url) return <p className={classes.broken}>The screenshot could not be loaded.</p>;
  return (
    <>
      {/* biome-ignore lint/performance/noImgElement: a static export has no image server */}
      <img
        className={classes.image}
        src={step.screenshot_url}
        alt={`What the agent saw at step ${step.index + 1}`}
        onLoad={({ currentTarget }) =>
          setSize({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })
        }
        onError={() => setBroken(step.screenshot_url)}
      />
      {size !== null && !unmarked && <Marks step={step} size={size} />}
    </>
  );
}

/** Drawn in the screenshot's own pixels and fitted as the picture is, so that it lies on it at every size. */
function Marks({ step, size }: { step: Step; size: Size }) {
  return (
    <svg className={classes.marks} viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden>
      {step.actions.map(({ action }, position) => {
        const points = pointsOf(action);
        const last = points.at(-1);
        return last === undefined ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the actions of a step never change
          <g key={position}>
            <title>{actionInWords(action)}</title>
            {points.length > 1 && <Trail points={points} />}
            <circle cx={last[0]} cy={last[1]} r={20} className={classes.halo} />
            <circle cx={last[0]} cy={last[1]} r={5} className={classes.point} />
          </g>
        );
      })}
    </svg>
  );
}

function Trail({ points }: { points: readonly Point[] }) {
  return <polyline points={points.map((point) => point.join(",")).join(" ")} className={classes.trail} />;
}
