import { Skeleton } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { FailureNote } from "@/components/FailureNote";
import classes from "./Section.module.css";

type Props<Data> = {
  title: string;
  about?: ReactNode;
  aside?: ReactNode;
  query: { data: Data | undefined; error: unknown; refetch: () => unknown };
  children: (data: Data) => ReactNode;
};

/** A titled part of a page with what a query answers, or why it does not. */
export function Section<Data>({ title, about, aside, query, children }: Props<Data>) {
  const heading = useId();
  return (
    <section aria-labelledby={heading} className={classes.section}>
      <header className={classes.header}>
        <h2 id={heading} className={classes.title}>
          {title}
        </h2>
        {aside}
      </header>
      {about && <p className={classes.about}>{about}</p>}
      {query.data !== undefined ? (
        children(query.data)
      ) : query.error === null ? (
        <Skeleton height={84} role="status" aria-label={`Loading: ${title}`} />
      ) : (
        <FailureNote title={`${title}: could not be loaded`} error={query.error} onRetry={query.refetch} />
      )}
    </section>
  );
}
