import type { ReactNode } from "react";
import { Frame } from "./Frame";
import classes from "./Page.module.css";

type Props = { title?: string; aside?: ReactNode; children: ReactNode };

/** A page without a sidebar: a title with what can be done, and its content under it. */
export function Page({ title, aside, children }: Props) {
  return (
    <Frame>
      <div className={classes.content}>
        {title !== undefined && (
          <header className={classes.header}>
            <h1 className={classes.title}>{title}</h1>
            <div className={classes.aside}>{aside}</div>
          </header>
        )}
        {children}
      </div>
    </Frame>
  );
}
