"use client";

import { ActionIcon, Drawer, VisuallyHidden } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMenu2 } from "@tabler/icons-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { ConnectionBanner } from "./ConnectionBanner";
import classes from "./Frame.module.css";
import { Logo } from "./Logo";
import { SchemeMenu } from "./SchemeMenu";
import { ServerState } from "./ServerState";
import { ShortcutsButton } from "./Shortcuts";

type Props = { children: ReactNode; sidebar?: (close: () => void) => ReactNode };

/** What surrounds every page: header, banner when the server is gone, and a sidebar that becomes a drawer on narrow screens. */
export function Frame({ children, sidebar }: Props) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <a href="#main" className="skip-link">
        Skip to the content
      </a>
      <header className={classes.header}>
        {sidebar && (
          <ActionIcon
            className={classes.burger}
            variant="subtle"
            color="gray"
            aria-label="Show the tasks"
            onClick={open}
          >
            <IconMenu2 size={18} />
          </ActionIcon>
        )}
        <Link href="/" className={classes.brand}>
          <Logo />
          <span>Rolldeck</span>
        </Link>
        <div className={classes.spacer} />
        <ServerState />
        <a href="/docs" className={classes.link}>
          API
        </a>
        <ShortcutsButton />
        <SchemeMenu />
      </header>
      <ConnectionBanner />
      <div className={sidebar ? classes.withSidebar : classes.plain}>
        {sidebar && (
          <aside className={classes.sidebar} aria-label="Tasks">
            {sidebar(() => {})}
          </aside>
        )}
        <main id="main" tabIndex={-1} className={classes.main}>
          {children}
        </main>
      </div>
      {sidebar && (
        <Drawer
          opened={opened}
          onClose={close}
          title="Tasks"
          size={320}
          padding={0}
          classNames={{ header: classes.drawerHeader, body: classes.drawerBody, content: classes.drawerContent }}
          closeButtonProps={{ children: <VisuallyHidden>Close</VisuallyHidden> }}
        >
          {sidebar(close)}
        </Drawer>
      )}
    </>
  );
}
