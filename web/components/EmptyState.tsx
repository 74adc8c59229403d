"use client";

import { Button } from "@mantine/core";
import Link from "next/link";
import type { ReactNode } from "react";
import classes from "./EmptyState.module.css";

type Props = { title: string; detail?: ReactNode; children?: ReactNode; home?: boolean };

/** What a place shows that has nothing to show: why, and how to go on. */
export function EmptyState({ title, detail, children, home = false }: Props) {
  return (
    <section className={classes.empty}>
      <h2 className={classes.title}>{title}</h2>
      {detail && <p className={classes.detail}>{detail}</p>}
      {children}
      {home && (
        <Button component={Link} href="/" variant="default">
          Go to the tasks
        </Button>
      )}
    </section>
  );
}
