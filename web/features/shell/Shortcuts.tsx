"use client";

import { ActionIcon, Kbd, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import { useHotkeys } from "react-hotkeys-hook";
import classes from "./Shortcuts.module.css";

const SHORTCUTS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["/"], does: "search the tasks" },
  { keys: ["←", "k"], does: "step before (in a rollout)" },
  { keys: ["→", "j"], does: "step after (in a rollout)" },
  { keys: ["v"], does: "video or screenshot (in a rollout)" },
  { keys: ["Space"], does: "play or pause the video (in a rollout)" },
  { keys: ["?"], does: "this list" },
];

export function ShortcutsButton() {
  const [opened, { toggle, open, close }] = useDisclosure(false);
  useHotkeys("?", toggle, { useKey: true });
  return (
    <>
      <ActionIcon variant="subtle" color="gray" aria-label="Keyboard shortcuts" onClick={open}>
        <IconKeyboard size={18} stroke={1.6} />
      </ActionIcon>
      <Modal opened={opened} onClose={close} title="Keyboard shortcuts" size="sm">
        <dl className={classes.list}>
          {SHORTCUTS.map(({ keys, does }) => (
            <div key={does} className={classes.row}>
              <dt>{does}</dt>
              <dd>
                {keys.map((key) => (
                  <Kbd key={key} size="xs">
                    {key}
                  </Kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </Modal>
    </>
  );
}
