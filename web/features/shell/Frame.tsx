"use client";

import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMenu2 } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { type ReactNode, Suspense } from "react";
import { usePreload } from "@/components/usePreload";
import { PeopleNotice } from "@/features/people/PeopleNotice";
import { useShortcut } from "@/lib/useShortcut";
import { ConnectionBanner } from "./ConnectionBanner";
import classes from "./Frame.module.css";
import { Logo } from "./Logo";
import { Navigation } from "./Navigation";
import { PaletteButton } from "./PaletteButton";
import { SchemeButton } from "./SchemeButton";
import { ServerState } from "./ServerState";
import { ShortcutsButton } from "./Shortcuts";

const loadSidebarDrawer = () => import("./SidebarDrawer");
const SidebarDrawer = dynamic(loadSidebarDrawer, { ssr: false });

type Props = { children: ReactNode; sidebar?: ReactNode };

/**
 * What surrounds every page: header, banner when the server is gone, and the tasks: docked where a page has a `sidebar` and the screen is
 * wide enough, else in a drawer.
 */
export function Frame({ children, sidebar }: Props) {
  const [opened, { open, close }] = useDisclosure(false);
  usePreload(loadSidebarDrawer);
  useShortcut("/", open, { preventDefault: true, useKey: true, ignoreModifiers: true, enabled: sidebar === undefined });
  return (
    <>
      <a href="#main" className="skip-link">
        Skip to the content
      </a>
      <header className={classes.header}>
        <ActionIcon
          className={classes.burger}
          data-docked={sidebar !== undefined || undefined}
          variant="subtle"
          color="gray"
          aria-label="Show the tasks"
          title="Tasks"
          onClick={open}
        >
          <IconMenu2 size={18} />
        </ActionIcon>
        <Link href="/" className={classes.brand} aria-label="Rolldeck: the tasks" prefetch={false}>
          <Logo />
          <span className={classes.brandName}>Rolldeck</span>
        </Link>
        <Navigation />
        <div className={classes.spacer} />
        <PaletteButton />
        <ServerState />
        <a href="/docs" className={`${classes.link} ${classes.api}`}>
          API
        </a>
        <span className={classes.keys}>
          <ShortcutsButton />
        </span>
        <SchemeButton />
      </header>
      <Suspense>
        <PeopleNotice />
      </Suspense>
      <ConnectionBanner />
      <div className={sidebar ? classes.withSidebar : classes.plain}>
        {sidebar && (
          <aside className={classes.sidebar} aria-label="Tasks">
            {sidebar}
          </aside>
        )}
        <main id="main" tabIndex={-1} className={classes.main}>
          {children}
        </main>
      </div>
      <SidebarDrawer opened={opened} onClose={close} />
    </>
  );
}
