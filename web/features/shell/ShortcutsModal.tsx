import { Kbd, Modal, Switch } from "@mantine/core";
import { setPreferences, usePreferences } from "@/lib/preferences";
import classes from "./Shortcuts.module.css";
import { SHORTCUT_GROUPS, type ShortcutGroup } from "./shortcuts";

export default function ShortcutsModal({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { shortcuts } = usePreferences();
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size="sm">
      <Switch
        size="sm"
        className={classes.choice}
        label="Single keys are shortcuts"
        description="Switch them off if you speak to your computer, or press keys by accident. Ctrl K and ⌘ K always work."
        checked={shortcuts}
        onChange={(event) => setPreferences({ shortcuts: event.currentTarget.checked })}
      />
      {SHORTCUT_GROUPS.map((group) => (
        <Group key={group.title} group={group} />
      ))}
    </Modal>
  );
}

function Group({ group: { title, shortcuts } }: { group: ShortcutGroup }) {
  return (
    <section className={classes.group}>
      <h3 className={classes.title}>{title}</h3>
      <dl className={classes.list}>
        {shortcuts.map(({ keys, does }) => (
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
    </section>
  );
}
