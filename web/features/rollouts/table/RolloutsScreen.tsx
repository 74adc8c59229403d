"use client";

import { Button } from "@mantine/core";
import { useDebouncedValue, useDocumentTitle } from "@mantine/hooks";
import { IconRefresh } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { parseAsString, useQueryState, useQueryStates } from "nuqs";
import { useEffect, useMemo, useState } from "react";
import type { RolloutQuery } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { usePreload } from "@/components/usePreload";
import { Frame } from "@/features/shell/Frame";
import { countListFilters, LIST_FILTERS, listQueryOf } from "../filters";
import { BulkBar } from "./BulkBar";
import { ExportMenu } from "./ExportMenu";
import { Facets } from "./Facets";
import classes from "./RolloutsScreen.module.css";
import { RolloutTable } from "./RolloutTable";
import { SavedViews } from "./SavedViews";
import { useRolloutSelection } from "./selection";
import { isReturning } from "./useReturn";
import { type RolloutPages, useListHead } from "./useRolloutPages";

const TYPING_MS = 250;
const MOST_COUNTED = 10_000;

const loadPeek = () => import("./PeekDrawer");
const PeekDrawer = dynamic(loadPeek, { ssr: false });

/** All rollouts: narrowed, ordered and looked through as the address says. */
export function RolloutsScreen() {
  const [filters, setFilters] = useQueryStates(LIST_FILTERS);
  const [peeked, setPeeked] = useQueryState("peek", parseAsString.withDefault(""));
  const [asked] = useDebouncedValue(filters, TYPING_MS);
  const [openedAt] = useState(() => Date.now());
  const text = JSON.stringify(listQueryOf(asked, openedAt));
  const query = useMemo(() => JSON.parse(text) as RolloutQuery, [text]);
  const selection = useRolloutSelection();
  const head = useListHead(query);
  useDocumentTitle("Rollouts · Rolldeck");
  usePreload(loadPeek);
  const peek = (id: string) => void setPeeked(id === "" ? null : id);
  const clear = () => void setFilters(null);

  return (
    <Frame>
      <div className={classes.content}>
        <RolloutTable
          query={query}
          selection={selection}
          onPeek={peek}
          empty={<Nothing narrowed={countListFilters(filters) > 0} onClear={clear} />}
        >
          {(list) => (
            <>
              <header className={classes.header}>
                <h1 className={classes.title}>
                  Rollouts <Total total={head.data?.total} />
                </h1>
                <div className={classes.aside}>
                  <SavedViews />
                  <ExportMenu query={query} total={head.data?.total ?? null} />
                </div>
              </header>
              <Facets filters={filters} onChange={setFilters} query={query} />
              <News
                list={list}
                newest={filters.sort === "newest" ? (head.data?.rollouts[0]?.id ?? null) : null}
                busy={selection.chosen.size > 0 || peeked !== ""}
              />
              <PeekDrawer id={peeked} ids={list.loaded.map(({ id }) => id)} onPeek={peek} />
            </>
          )}
        </RolloutTable>
      </div>
      <BulkBar selection={selection} query={query} />
    </Frame>
  );
}

function Total({ total }: { total: number | null | undefined }) {
  if (total == null) return null;
  return (
    <span className={classes.total} role="status" aria-live="polite">
      {total > MOST_COUNTED ? "more than 10,000" : total.toLocaleString("en-US")}
    </span>
  );
}

function Nothing({ narrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  return narrowed ? (
    <EmptyState title="No rollout matches" detail="None has all that is chosen above.">
      <Button variant="default" onClick={onClear}>
        Show all
      </Button>
    </EmptyState>
  ) : (
    <EmptyState
      title="No rollout yet"
      detail="Open a task and start one, or select several tasks in the list of tasks and start one of each."
      home
    />
  );
}

type NewsProps = { list: RolloutPages; newest: string | null; busy: boolean };

/**
 * Rollouts that were queued since the list was read: they come by themselves while the person is at its top and does nothing else with it,
 * and else when they are asked for, so that nothing moves under the reader.
 */
function News({ list, newest, busy }: NewsProps) {
  const { first, sizes } = list.known;
  const [returned] = useState(isReturning);
  const atTop = typeof window !== "undefined" && window.scrollY < 8;
  const hasNews = newest !== null && (first === null || newest > first) && sizes.length > 0 && !list.renewing;
  const { renew } = list;
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (opened) return;
    setOpened(true);
    if (list.isOld && !returned && sizes.length > 0) renew(); // opened anew: not as it was left some time ago
  }, [opened, returned, list.isOld, sizes.length, renew]);
  const comesByItself = hasNews && atTop && !busy;
  useEffect(() => {
    if (comesByItself) renew();
  }, [comesByItself, renew]);
  if (!hasNews || comesByItself) return null;
  return (
    <div className={classes.news} role="status">
      <Button
        size="compact-sm"
        radius="xl"
        leftSection={<IconRefresh size={14} />}
        onClick={() => {
          renew();
          window.scrollTo({ top: 0, behavior: "instant" });
        }}
      >
        Show new rollouts
      </Button>
    </div>
  );
}
