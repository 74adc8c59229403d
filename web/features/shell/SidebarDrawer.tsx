import { Drawer, VisuallyHidden } from "@mantine/core";
import { TasksAside } from "@/features/tasks/TasksAside";
import classes from "./SidebarDrawer.module.css";

type Props = { opened: boolean; onClose: () => void };

/** The tasks where they are not docked: on narrow screens, and beside pages that need all of the width. */
export default function SidebarDrawer({ opened, onClose }: Props) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title="Tasks"
      size={340}
      padding={0}
      classNames={{ header: classes.header, body: classes.body, content: classes.content }}
      closeButtonProps={{ children: <VisuallyHidden>Close</VisuallyHidden> }}
    >
      <TasksAside onNavigate={onClose} />
    </Drawer>
  );
}
