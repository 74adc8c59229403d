"use client";

import { CloseButton } from "@mantine/core";
import { IconPlayerPause, IconPlugConnectedX } from "@tabler/icons-react";
import Link from "next/link";
import { useState } from "react";
import { useHealth } from "@/api/queries";
import classes from "./ConnectionBanner.module.css";
import { connectionOf } from "./connection";

/** Says that the server went away or is unwell (the page keeps what it has), or why nobody claims the rollouts that wait. */
export function ConnectionBanner() {
  const health = useHealth();
  const { warning, blocked } = connectionOf(health);
  const [dismissed, setDismissed] = useState<string | null>(null);
  const reasons = blocked?.join("; ") ?? null;
  return (
    <div aria-live="polite">
      {warning !== null && (
        <div className={classes.banner}>
          <IconPlugConnectedX size={16} aria-hidden />
          <span>{warning}</span>
        </div>
      )}
      {reasons !== null && reasons !== dismissed && (
        <div className={classes.banner} data-calm>
          <IconPlayerPause size={16} aria-hidden />
          <span>
            Rollouts wait and nobody claims them: {reasons || "no worker says why"}.{" "}
            <Link href="/workers/" className={classes.link}>
              Workers and quotas
            </Link>
          </span>
          <CloseButton
            size="sm"
            aria-label="Dismiss until the reason changes"
            onClick={() => setDismissed(reasons)}
            className={classes.close}
          />
        </div>
      )}
    </div>
  );
}
