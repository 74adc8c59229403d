/** What the palette finds: pages, tasks, batches and rollouts, and what can be done from anywhere. */
import type { MantineColorScheme } from "@mantine/core";
import type { Batch, Rollout, TaskSummary } from "@/api/types";
import { batchHref, batchTitle } from "@/features/batches/batch";
import { rolloutHref, rolloutsHref, taskHref } from "@/features/rollouts/href";
import { outcomeOf } from "@/features/rollouts/outcome";
import { filterTasks } from "@/features/tasks/filter";
import type { Preferences } from "@/lib/preferences";
import { firstLine, shorten } from "@/lib/text";
import { PLACES } from "./shortcuts";

/** Either goes somewhere, or does something. */
export type Entry = { id: string; label: string; detail?: string; keys?: string } & (
  | { href: string }
  | { act: () => void }
);
export type EntryGroup = { title: string; entries: readonly Entry[] };

export type Known = {
  tasks: readonly TaskSummary[];
  batches: readonly Batch[];
  rollouts: readonly Rollout[];
};

export type Doable = {
  preferences: Preferences;
  setPreferences: (change: Partial<Preferences>) => void;
  scheme: MantineColorScheme;
  setScheme: (scheme: MantineColorScheme) => void;
  startBatch: () => void;
};

const MOST_OF_A_KIND = 6;
const ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const SHORTEST_END_OF_AN_ID = 4;

/** The entries that a search finds, best kinds first; without one, where to go and what to do. */
export function entriesFor(search: string, known: Known, doable: Doable): EntryGroup[] {
  const sought = search.trim();
  const groups = [
    { title: "Open", entries: byId(sought.toLowerCase()) },
    { title: "Go to", entries: matching(sought, places()) },
    { title: "Do", entries: matching(sought, doings(doable)) },
    ...(sought === "" ? [] : found(sought, known)),
  ];
  return groups.filter(({ entries }) => entries.length > 0);
}

const matching = (search: string, entries: Entry[]): Entry[] => {
  const words = search.toLowerCase().split(/\s+/);
  return entries.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
};

function byId(id: string): Entry[] {
  if (!ULID.test(id)) return [];
  return [
    { id: "rollout", label: `Rollout ${id}`, href: rolloutHref(id) },
    { id: "batch", label: `Batch ${id}`, href: batchHref(id) },
  ];
}

function places(): Entry[] {
  return PLACES.map(({ name, href, key }) => ({ id: `place ${href}`, label: name, href, keys: `g ${key}` }));
}

function doings({ preferences, setPreferences, scheme, setScheme, startBatch }: Doable): Entry[] {
  const schemes = { auto: "as the system has them", light: "light", dark: "dark" } as const;
  const others = (["light", "dark", "auto"] as const).filter((each) => each !== scheme);
  const utc = preferences.timeZone === "utc";
  return [
    { id: "start", label: "Start a new batch of rollouts", act: startBatch },
    ...others.map((each) => ({ id: each, label: `Theme: colours ${schemes[each]}`, act: () => setScheme(each) })),
    {
      id: "zone",
      label: utc ? "Times: in the local zone" : "Times: in UTC",
      act: () => setPreferences({ timeZone: utc ? "local" : "utc" }),
    },
    {
      id: "shortcuts",
      label: `Shortcuts of single keys: switch ${preferences.shortcuts ? "off" : "on"}`,
      act: () => setPreferences({ shortcuts: !preferences.shortcuts }),
    },
  ];
}

function found(search: string, { tasks, batches, rollouts }: Known): EntryGroup[] {
  return [
    { title: "Tasks", entries: filterTasks(tasks, search).slice(0, MOST_OF_A_KIND).map(ofTask) },
    {
      title: "Batches",
      entries: batches
        .filter((batch) => isOf(batch, search))
        .slice(0, MOST_OF_A_KIND)
        .map(ofBatch),
    },
    {
      title: "Rollouts",
      entries: [
        ...rollouts
          .filter(({ id }) => endsWith(id, search))
          .slice(0, MOST_OF_A_KIND)
          .map(ofRollout),
        { id: "search", label: `Search all rollouts for “${shorten(search, 60)}”`, href: rolloutsHref({ q: search }) },
      ],
    },
  ];
}

const endsWith = (id: string, search: string) =>
  search.length >= SHORTEST_END_OF_AN_ID && id.endsWith(search.toLowerCase());

function isOf(batch: Batch, search: string): boolean {
  const text = `${batchTitle(batch)}\n${batch.tags.join("\n")}`.toLowerCase();
  return (
    endsWith(batch.id, search) ||
    search
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word))
  );
}

const ofTask = ({ id, task }: TaskSummary): Entry => ({
  id: `task ${id}`,
  label: shorten(id, 80),
  detail: shorten(firstLine(task), 90),
  href: taskHref(id),
});

const ofBatch = (batch: Batch): Entry => ({
  id: `batch ${batch.id}`,
  label: shorten(batchTitle(batch), 80),
  detail: `${batch.counts.total - batch.counts.live} of ${batch.counts.total} ended`,
  href: batchHref(batch.id),
});

const ofRollout = (rollout: Rollout): Entry => ({
  id: `rollout ${rollout.id}`,
  label: `${shorten(rollout.task_id, 60)} · ${rollout.model ?? rollout.agent}`,
  detail: `${outcomeOf(rollout).label} · …${rollout.id.slice(-8)}`,
  href: rolloutHref(rollout.id),
});
