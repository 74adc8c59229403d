import type { TaskSummary } from "@/api/types";

/** The tasks whose id, instruction or tags hold every word of the search, in their given order. */
export function filterTasks(tasks: readonly TaskSummary[], search: string): readonly TaskSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return tasks;
  return tasks.filter((task) => {
    const text = `${task.id}\n${task.task}\n${task.tags.join("\n")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
