/** What keys do, as the list shows it. */

export type Place = { name: string; href: string; key: string; pages: readonly string[] };

/** The places of the dashboard: each with the key that goes there after `g`, and the pages that belong to it. */
export const PLACES: readonly Place[] = [
  { name: "Overview", href: "/", key: "o", pages: ["/"] },
  { name: "Rollouts", href: "/rollouts/", key: "r", pages: ["/rollouts/", "/rollout/"] },
  { name: "Live", href: "/live/", key: "l", pages: ["/live/"] },
  { name: "Batches", href: "/batches/", key: "b", pages: ["/batches/", "/batch/"] },
  { name: "Analytics", href: "/analytics/", key: "a", pages: ["/analytics/"] },
  { name: "Environments", href: "/environments/", key: "e", pages: ["/environments/"] },
  { name: "Workers", href: "/workers/", key: "w", pages: ["/workers/"] },
  { name: "Settings", href: "/settings/", key: "s", pages: ["/settings/"] },
];

export type Shortcut = { keys: readonly string[]; does: string };
export type ShortcutGroup = { title: string; shortcuts: readonly Shortcut[] };

export const SHORTCUT_GROUPS: readonly ShortcutGroup[] = [
  {
    title: "Everywhere",
    shortcuts: [
      { keys: ["Ctrl K", "⌘ K"], does: "find a page, task, batch or rollout, or do something" },
      { keys: ["/"], does: "search the tasks" },
      { keys: ["?"], does: "this list" },
    ],
  },
  {
    title: "Go to",
    shortcuts: PLACES.map(({ name, key }) => ({ keys: [`g ${key}`], does: name })),
  },
  {
    title: "In the list of rollouts",
    shortcuts: [
      { keys: ["↑", "↓"], does: "row before, row after" },
      { keys: ["Space"], does: "look at the rollout beside the list" },
      { keys: ["Enter"], does: "open it" },
    ],
  },
  {
    title: "In a rollout, and where rollouts are compared",
    shortcuts: [
      { keys: ["←", "k"], does: "step before" },
      { keys: ["→", "j"], does: "step after" },
      { keys: ["v"], does: "live picture, video or screenshot" },
      { keys: ["Space"], does: "play or pause the video" },
      { keys: ["Shift ←"], does: "the rollout before in the list" },
      { keys: ["Shift →"], does: "the rollout after in the list" },
      { keys: ["n"], does: "the next step in which compared rollouts differ" },
    ],
  },
];
