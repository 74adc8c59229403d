"use client";

import { Button, Checkbox, FileButton, Skeleton, TextInput } from "@mantine/core";
import { IconSearch, IconUpload } from "@tabler/icons-react";
import Link from "next/link";
import { useEffect, useRef, useState } from "react";
import type { useTasks } from "@/api/queries";
import type { TaskSummary } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { LiveDot } from "@/components/LiveDot";
import { usePreload } from "@/components/usePreload";
import { Rate } from "@/features/rollouts/Rate";
import { RecentOutcomes } from "@/features/rollouts/RecentOutcomes";
import { formatCount } from "@/lib/format";
import { firstLine, shorten } from "@/lib/text";
import { useShortcut } from "@/lib/useShortcut";
import { filterTasks } from "./filter";
import { loadStartRollouts, StartRollouts } from "./StartRollouts";
import type { Selection } from "./selection";
import classes from "./TaskSidebar.module.css";

type Props = {
  query: ReturnType<typeof useTasks>;
  tasks: readonly TaskSummary[];
  current: string | null;
  /** Whether the page is the overview. */
  onOverview: boolean;
  selection: Selection;
  onUpload: (file: File) => void;
  onNavigate: () => void;
};

export function TaskSidebar({ query, tasks, current, onOverview, selection, onUpload, onNavigate }: Props) {
  const [search, setSearch] = useState("");
  const searchField = useRef<HTMLInputElement>(null);
  useShortcut("/", () => searchField.current?.focus(), { preventDefault: true, useKey: true, ignoreModifiers: true });
  const shown = filterTasks(tasks, search);
  usePreload(loadStartRollouts);

  return (
    <>
      <div className={classes.head}>
        <div className={classes.actions}>
          <Link
            href="/"
            className={classes.overview}
            aria-current={onOverview ? "page" : undefined}
            onClick={onNavigate}
          >
            Overview
          </Link>
          <FileButton onChange={(file) => file !== null && onUpload(file)} accept=".json,application/json">
            {(props) => (
              <Button {...props} variant="default" leftSection={<IconUpload size={14} />}>
                Upload tasks
              </Button>
            )}
          </FileButton>
        </div>
        <TextInput
          ref={searchField}
          data-autofocus
          type="search"
          aria-label="Search the tasks"
          placeholder="Search tasks  ( / )"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <SelectAll shown={shown} total={tasks.length} selection={selection} />
      </div>
      <nav className={classes.scroll} aria-label="Tasks">
        <TaskRows query={query} shown={shown} current={current} selection={selection} onNavigate={onNavigate} />
      </nav>
      {selection.ids.size > 0 && (
        <div className={classes.selection}>
          <div className={classes.selectionHead}>
            <strong>{formatCount(selection.ids.size, "task")} selected</strong>
            <Button variant="subtle" size="compact-xs" onClick={selection.clear}>
              Clear
            </Button>
          </div>
          <StartRollouts taskIds={[...selection.ids]} />
        </div>
      )}
    </>
  );
}

function SelectAll({
  shown,
  total,
  selection,
}: {
  shown: readonly TaskSummary[];
  total: number;
  selection: Selection;
}) {
  if (total === 0) return null;
  const selected = shown.filter((task) => selection.ids.has(task.id)).length;
  const all = shown.length > 0 && selected === shown.length;
  return (
    <Checkbox
      size="xs"
      classNames={{ labelWrapper: classes.selectAllLabel }}
      label={shown.length === total ? `All ${formatCount(total, "task")}` : `All ${shown.length} shown of ${total}`}
      checked={all}
      indeterminate={selected > 0 && !all}
      disabled={shown.length === 0}
      onChange={() => (all ? selection.clear() : selection.add(shown.map((task) => task.id)))}
    />
  );
}

type RowsProps = Pick<Props, "query" | "current" | "selection" | "onNavigate"> & { shown: readonly TaskSummary[] };

function TaskRows({ query, shown, current, selection, onNavigate }: RowsProps) {
  if (query.data === undefined) {
    return query.error === null ? (
      <div className={classes.loading} role="status" aria-label="Loading the tasks">
        {["a", "b", "c", "d", "e", "f"].map((key) => (
          <Skeleton key={key} height={38} />
        ))}
      </div>
    ) : (
      <FailureNote title="The tasks could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  return (
    <>
      <ul>
        {shown.map((task) => (
          <TaskRow
            key={task.id}
            task={task}
            current={task.id === current}
            selected={selection.ids.has(task.id)}
            onToggle={() => selection.toggle(task.id)}
            onNavigate={onNavigate}
          />
        ))}
      </ul>
      {shown.length === 0 && (
        <p className={classes.none}>No task {query.data.pages[0]?.tasks.length ? "matches" : "yet"}.</p>
      )}
      {query.hasNextPage && (
        <Button m="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          Load more tasks
        </Button>
      )}
    </>
  );
}

type RowProps = {
  task: TaskSummary;
  current: boolean;
  selected: boolean;
  onToggle: () => void;
  onNavigate: () => void;
};

function TaskRow({ task, current, selected, onToggle, onNavigate }: RowProps) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (current) row.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <li ref={row} className={classes.row} data-current={current || undefined} data-selected={selected || undefined}>
      <Checkbox
        size="xs"
        className={classes.check}
        aria-label={`Select ${task.id}`}
        checked={selected}
        onChange={onToggle}
      />
      <Link
        href={`/?task=${encodeURIComponent(task.id)}`}
        className={classes.task}
        aria-current={current ? "page" : undefined}
        prefetch={false}
        onClick={onNavigate}
      >
        <span className={classes.line}>
          <span className={classes.id}>{task.id}</span>
          {task.counts.live > 0 && <LiveDot label={`${task.counts.live} live`} />}
          <span className={classes.total}>{task.counts.total > 0 && formatCount(task.counts.total, "rollout")}</span>
        </span>
        <span className={classes.instruction}>{shorten(firstLine(task.task), 160)}</span>
        {task.counts.total > 0 && (
          <span className={classes.figures}>
            <Rate counts={task.counts} interval={task.interval} />
            <RecentOutcomes recent={task.recent} />
          </span>
        )}
      </Link>
    </li>
  );
}
