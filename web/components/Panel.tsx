import { type ReactNode, useId } from "react";
import classes from "./Panel.module.css";

type Props = { title: string; aside?: ReactNode; children: ReactNode };

/** A titled part of a page. */
export function Panel({ title, aside, children }: Props) {
  const heading = useId();
  return (
    <section aria-labelledby={heading} className={classes.panel}>
      <header className={classes.header}>
        <h2 id={heading} className={classes.title}>
          {title}
        </h2>
        {aside && <div className={classes.aside}>{aside}</div>}
      </header>
      <div className={classes.body}>{children}</div>
    </section>
  );
}
