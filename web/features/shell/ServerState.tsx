"use client";

import { useHealth } from "@/api/queries";
import { LiveDot } from "@/components/LiveDot";
import { formatCount } from "@/lib/format";
import { connectionOf } from "./connection";
import classes from "./ServerState.module.css";

/** How much is going on right now, on every page. */
export function ServerState() {
  const { live, version } = connectionOf(useHealth());
  if (live === null) return null;
  return (
    <span
      className={classes.state}
      title={`Rolldeck ${version}: ${formatCount(live, "rollout")} waiting or in progress`}
    >
      {live > 0 && <LiveDot />}
      {live > 0 ? (
        <span>
          {live.toLocaleString("en-US")}
          <span className={classes.word}> live</span>
        </span>
      ) : (
        "idle"
      )}
    </span>
  );
}
