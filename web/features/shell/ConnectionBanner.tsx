"use client";

import { IconPlugConnectedX } from "@tabler/icons-react";
import { useHealth } from "@/api/queries";
import classes from "./ConnectionBanner.module.css";
import { connectionOf } from "./connection";

/** Says that the server went away or is unwell; the page keeps what it has. */
export function ConnectionBanner() {
  const health = useHealth();
  const connection = connectionOf(health);
  return (
    <div aria-live="polite">
      {connection.warning !== null && (
        <div className={classes.banner}>
          <IconPlugConnectedX size={16} aria-hidden />
          <span>{connection.warning}</span>
        </div>
      )}
    </div>
  );
}
