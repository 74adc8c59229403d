"use client";

import { SegmentedControl, Switch, useMantineColorScheme } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { setPreferences, type TimeZone, usePreferences } from "@/lib/preferences";
import { NotificationSwitch } from "./NotificationSwitch";
import classes from "./Preferences.module.css";

const SCHEMES = [
  { value: "auto", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

const ZONES = [
  { value: "local", label: "Local" },
  { value: "utc", label: "UTC" },
] as const;

/** What this browser keeps of a person's preferences. */
export function Preferences() {
  const { timeZone, shortcuts } = usePreferences();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const scheme = useMounted() ? colorScheme : "auto"; // the exported page cannot know what this browser remembers
  return (
    <div className={classes.preferences}>
      <Choice name="Colours" choices={SCHEMES} value={scheme} onChange={setColorScheme} />
      <Choice<TimeZone>
        name="Times"
        choices={ZONES}
        value={timeZone}
        onChange={(zone) => setPreferences({ timeZone: zone })}
      />
      <Switch
        size="sm"
        label="Single keys are shortcuts"
        description="`?` lists them. Ctrl K and ⌘ K always work."
        checked={shortcuts}
        onChange={(event) => setPreferences({ shortcuts: event.currentTarget.checked })}
      />
      <NotificationSwitch />
    </div>
  );
}

type ChoiceProps<Value extends string> = {
  name: string;
  choices: readonly { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
};

function Choice<Value extends string>({ name, choices, value, onChange }: ChoiceProps<Value>) {
  return (
    <div className={classes.choice}>
      <span aria-hidden>{name}</span>
      <SegmentedControl
        size="xs"
        aria-label={name}
        data={[...choices]}
        value={value}
        onChange={(chosen) => onChange(chosen as Value)}
      />
    </div>
  );
}
