"use client";

import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { usePreload } from "@/components/usePreload";
import { useShortcut } from "@/lib/useShortcut";

const loadShortcutsModal = () => import("./ShortcutsModal");
const ShortcutsModal = dynamic(loadShortcutsModal, { ssr: false });

export function ShortcutsButton() {
  const [opened, { toggle, open, close }] = useDisclosure(false);
  useShortcut("?", toggle, { useKey: true, ignoreModifiers: true }); // which keys make a "?" is the layout's matter
  usePreload(loadShortcutsModal);
  return (
    <>
      <ActionIcon variant="subtle" color="gray" aria-label="Keyboard shortcuts" onClick={open}>
        <IconKeyboard size={18} stroke={1.6} />
      </ActionIcon>
      <ShortcutsModal opened={opened} onClose={close} />
    </>
  );
}
