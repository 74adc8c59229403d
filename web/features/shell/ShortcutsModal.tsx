import { Kbd, Modal } from "@mantine/core";
import classes from "./Shortcuts.module.css";

const SHORTCUTS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["/"], does: "search the tasks" },
  { keys: ["←", "k"], does: "step before (in a rollout)" },
  { keys: ["→", "j"], does: "step after (in a rollout)" },
  { keys: ["v"], does: "live picture, video or screenshot (in a rollout)" },
  { keys: ["Space"], does: "play or pause the video (in a rollout)" },
  { keys: ["?"], does: "this list" },
];

export default function ShortcutsModal({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size="sm">
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
  );
}
