"use client";

import { CloseButton } from "@mantine/core";
import { IconPlayerPause, IconPlugConnectedX } from "@tabler/icons-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useQueryState } from "nuqs";
import { useState } from "react";
import { useHealth } from "@/api/queries";
import { useSecondsSince } from "@/components/Time";
import { formatDuration } from "@/lib/format";
import classes from "./ConnectionBanner.module.css";
import { connectionOf } from "./connection";
import { useLink } from "./StreamProvider";

const SHORT_SECONDS = 2; // a page that is just being left or a server that restarts is no news

/** How old the page is, while the stream is lost. */
function useLostInWords(): string | null {
  const { lostSince } = useLink();
  const seconds = useSecondsSince(lostSince === null ? null : new Date(lostSince).toISOString());
  if (seconds === null || seconds < SHORT_SECONDS) return null;
  return `The connection to the server is lost: the last update was ${formatDuration(seconds)} ago. Trying again.`;
}

/** The overview says itself why nothing is claimed. */
function useIsOverview(): boolean {
  const [task] = useQueryState("task");
  return usePathname() === "/" && task === null;
}

/** Says that the server went away or is unwell (the page keeps what it has), or why nobody claims the rollouts that wait. */
export function ConnectionBanner() {
  const health = useHealth();
  const { warning: unwell, blocked } = connectionOf(health);
  const lost = useLostInWords();
  const warning = unwell ?? lost;
  const [dismissed, setDismissed] = useState<string | null>(null);
  const onOverview = useIsOverview();
  const reasons = blocked?.join("; ") ?? null;
  return (
    <div aria-live="polite">
      {warning !== null && (
        <div className={classes.banner}>
          <IconPlugConnectedX size={16} aria-hidden />
          <span>{warning}</span>
        </div>
      )}
      {reasons !== null && reasons !== dismissed && !onOverview && (
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
