// biome-ignore-all lint/a11y/useSemanticElements: rows that are not in sight are not there, which no <table> allows
// biome-ignore-all lint/a11y/useFocusableInteractive: what is in a row is focusable
"use client";

import { Button, Skeleton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef, useState } from "react";
import type { Rollout, RolloutQuery } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { FailureNote } from "@/components/FailureNote";
import { emptyAtEnd, hasMore, type Known, rowCount, rowsThatFit } from "./pages";
import { RolloutRow } from "./RolloutRow";
import classes from "./RolloutTable.module.css";
import type { RolloutSelection } from "./selection";
import { useReturn } from "./useReturn";
import { type RolloutPages, useRolloutPages } from "./useRolloutPages";

const ROW_PX = 33;
const NARROW_ROW_PX = 62;
const NARROW = "(max-width: 760px)";
/** So many pages are looked through without being asked: tens of thousands of rollouts. */
const PAGES_AT_ONCE = 20;
const ROWS_BEYOND = 12;

type Props = {
  query: RolloutQuery;
  selection: RolloutSelection;
  onPeek: (id: string) => void;
  /** Stands where nothing matches. */
  empty: ReactNode;
  children: (list: RolloutPages) => ReactNode;
};

/**
 * Rollouts in rows, of which only those in sight are there, however many the list has. Scrolling reads on; what was read stays in its
 * place, and each row keeps itself true. `children` stand above the rows.
 */
export function RolloutTable({ query, selection, onPeek, empty, children }: Props) {
  const narrow = useMediaQuery(NARROW) ?? false;
  const rowHeight = narrow ? NARROW_ROW_PX : ROW_PX;
  const [inSight, setInSight] = useState({ first: 0, last: 0 });
  const list = useRolloutPages(query, inSight.first, inSight.last);
  const { known } = list;
  const rows = rowCount(known);
  const patience = usePatience(known);
  const more = hasMore(known) && !patience.isOver;
  const count = rowsThatFit(rows + (more ? 1 : 0), rowHeight);
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const box = body.current?.getBoundingClientRect();
    if (box !== undefined) setTop(Math.round(box.top + window.scrollY)); // what stands above may have become higher
  });
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeight,
    overscan: ROWS_BEYOND,
    scrollMargin: top,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew when rows become higher or lower
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  if (first !== inSight.first || last !== inSight.last) setInSight({ first, last });
  useReturn(JSON.stringify(query), rows > 0);

  if (list.error !== null && rows === 0) {
    return (
      <>
        {children(list)}
        <FailureNote title="The rollouts could not be loaded" error={list.error} onRetry={list.retry} />
      </>
    );
  }
  const nothing = rows === 0 && !hasMore(known);
  return (
    <>
      {children(list)}
      <div
        role="table"
        aria-label="Rollouts"
        aria-rowcount={hasMore(known) ? -1 : rows + 1}
        className={classes.table}
        data-narrow={narrow || undefined}
        onKeyDown={moveFocus}
      >
        <Head loaded={list.loaded} selection={selection} />
        {nothing ? (
          <div className={classes.nothing}>{empty}</div>
        ) : (
          <div
            ref={body}
            role="rowgroup"
            className={classes.body}
            style={{ height: virtualizer.getTotalSize() || rowHeight * 8 }}
          >
            {items.map(({ index, start }) => {
              const row = list.rowAt(index);
              const place = { height: rowHeight, transform: `translateY(${start - top}px)` };
              return row === null ? (
                <Waiting key={index} style={place} />
              ) : (
                <RolloutRow
                  key={index}
                  index={index}
                  rollout={row.rollout}
                  list={query}
                  readAt={row.readAt}
                  style={place}
                  selected={selection.chosen.has(row.rollout.id)}
                  onToggle={selection.toggle}
                  onPeek={onPeek}
                />
              );
            })}
          </div>
        )}
      </div>
      {patience.isOver && (
        <EmptyState
          title={rows === 0 ? "Nothing found so far" : "Nothing more found so far"}
          detail="Rollouts further down in this order may match."
        >
          <Button variant="default" onClick={patience.renew}>
            Search on
          </Button>
        </EmptyState>
      )}
      {list.error !== null && (
        <FailureNote title="More rollouts could not be loaded" error={list.error} onRetry={list.retry} />
      )}
    </>
  );
}

/** A search that finds nothing goes on for a while by itself, then asks. */
function usePatience(known: Known) {
  const [most, setMost] = useState(PAGES_AT_ONCE);
  return {
    isOver: hasMore(known) && emptyAtEnd(known) >= most,
    renew: () => setMost(emptyAtEnd(known) + PAGES_AT_ONCE),
  };
}

function Head({ loaded, selection }: { loaded: readonly Rollout[]; selection: RolloutSelection }) {
  const chosen = loaded.filter(({ id }) => selection.chosen.has(id)).length;
  const all = loaded.length > 0 && chosen === loaded.length;
  return (
    <div role="row" className={classes.head} aria-rowindex={1}>
      <span role="columnheader" className={classes.check}>
        <input
          type="checkbox"
          aria-label={`Select the ${loaded.length} rollouts around here`}
          checked={all}
          ref={(box) => {
            if (box !== null) box.indeterminate = chosen > 0 && !all;
          }}
          onChange={() => (all ? selection.remove(loaded.map(({ id }) => id)) : selection.add(loaded))}
        />
      </span>
      {["Outcome", "Task", "Agent", "Answer or error", "Steps", "Duration", "Cost", "Queued"].map((name) => (
        <span key={name} role="columnheader" data-column={name}>
          {name}
        </span>
      ))}
      <span role="columnheader">
        <span className="visually-hidden">Peek</span>
      </span>
    </div>
  );
}

function Waiting({ style }: { style: React.CSSProperties }) {
  return (
    <div role="presentation" className={classes.waiting} style={style}>
      <Skeleton height={12} radius="sm" />
    </div>
  );
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** Up and down go from row to row. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = STEPS[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
  if (row === null) return;
  const other = event.currentTarget.querySelector<HTMLElement>(`[data-index="${Number(row.dataset.index) + step}"] a`);
  if (other === null) return;
  event.preventDefault();
  other.focus();
}
