import { Drawer, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./SidebarDrawer.module.css";

type Props = { opened: boolean; onClose: () => void; children: ReactNode };

/** The sidebar where the screen is too narrow for one. */
export default function SidebarDrawer({ opened, onClose, children }: Props) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title="Tasks"
      size={320}
      padding={0}
      classNames={{ header: classes.header, body: classes.body, content: classes.content }}
      closeButtonProps={{ children: <VisuallyHidden>Close</VisuallyHidden> }}
    >
      {children}
    </Drawer>
  );
}
