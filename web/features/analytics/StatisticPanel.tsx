import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { FailureNote } from "@/components/FailureNote";
import { Panel } from "@/components/Panel";
import tables from "./Table.module.css";

type Query<Data> = { data?: Data; error: unknown; refetch: () => unknown };

type Props<Data> = {
  title: string;
  aside?: ReactNode;
  query: Query<Data>;
  /** What is said where there is nothing to show; null where there is. */
  emptiness: (data: Data) => string | null;
  height?: number;
  children: (data: Data) => ReactNode;
};

/** A statistic with its title: while it is loaded, where it could not be, where there is nothing yet, and as it is. */
export function StatisticPanel<Data>({ title, aside, query, emptiness, height = 160, children }: Props<Data>) {
  const { data, error, refetch } = query;
  return (
    <Panel title={title} aside={aside}>
      {data !== undefined ? (
        <Content data={data} emptiness={emptiness}>
          {children}
        </Content>
      ) : error === null ? (
        <Skeleton height={height} role="status" aria-label={`Loading: ${title}`} />
      ) : (
        <FailureNote title="This could not be counted" error={error} onRetry={() => void refetch()} />
      )}
    </Panel>
  );
}

type ContentProps<Data> = Pick<Props<Data>, "emptiness" | "children"> & { data: Data };

function Content<Data>({ data, emptiness, children }: ContentProps<Data>) {
  const empty = emptiness(data);
  return empty === null ? children(data) : <p className={tables.faint}>{empty}</p>;
}
