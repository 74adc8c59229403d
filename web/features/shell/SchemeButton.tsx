"use client";

import { ActionIcon, type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };
const WORDS: Record<MantineColorScheme, string> = { auto: "as the system has them", light: "light", dark: "dark" };
const ICONS = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon };

/** Goes round the colour schemes: the system's, light, dark. */
export function SchemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const current = useMounted() ? colorScheme : "auto"; // the exported page cannot know what this browser remembers
  const next = NEXT[current];
  const Icon = ICONS[current];
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={`Colours: ${WORDS[current]}. Change to ${WORDS[next]}`}
      title={`Colours: ${WORDS[current]}`}
      onClick={() => setColorScheme(next)}
    >
      <Icon size={17} stroke={1.7} />
    </ActionIcon>
  );
}
