import type { ReactNode } from "react";
import type { Tone } from "./outcome";
import classes from "./ToneBadge.module.css";

/** A state: told by shape and word as much as by colour. */
export function ToneBadge({
  tone,
  label,
  meaning,
  icon,
}: {
  tone: Tone;
  label: string;
  meaning: string;
  icon: ReactNode;
}) {
  return (
    <span className={classes.badge} data-tone={tone} title={`${label}: ${meaning}`}>
      {icon}
      {label}
    </span>
  );
}
