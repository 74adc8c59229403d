import type { ReactNode } from "react";
import classes from "./FactList.module.css";

export type Fact = { name: string; value: ReactNode; title?: string };

/** Names with what is known of them, line by line. */
export function FactList({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(({ name, value, title }) => (
        <div key={name} title={title}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
