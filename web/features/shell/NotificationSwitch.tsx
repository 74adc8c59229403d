"use client";

import { Switch } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { useState } from "react";
import { setPreferences, usePreferences } from "@/lib/preferences";

/** Opts in to notifications of this browser, which asks the person itself. */
export function NotificationSwitch() {
  const { notifications } = usePreferences();
  const possible = useMounted() && "Notification" in window;
  const [refused, setRefused] = useState(false);

  const change = async (wanted: boolean) => {
    const allowed = wanted && (await Notification.requestPermission()) === "granted";
    setRefused(wanted && !allowed);
    setPreferences({ notifications: allowed });
  };

  return (
    <Switch
      size="sm"
      label="Notify me when a batch ends"
      description={
        possible
          ? "By this browser, while a page of Rolldeck is open."
          : "This browser shows no notifications here: it wants https, or localhost."
      }
      error={refused ? "The browser does not allow it: change that in its settings for this site." : undefined}
      checked={notifications && possible}
      disabled={!possible}
      onChange={(event) => void change(event.currentTarget.checked)}
    />
  );
}
