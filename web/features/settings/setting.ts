/** Settings of the server in words. */
import type { Setting } from "@/api/types";

type Group = { name: string; settings: Setting[] };

export function sourceInWords({ source, variable }: Pick<Setting, "source" | "variable">): string {
  if (source === "environment") return `from ${variable}`;
  return source === "option" ? "from an option of the command" : "default";
}

/** The settings with a text in a variable, the description or the group's name; groups without any are left out. */
export function found(groups: readonly Group[], text: string): Group[] {
  const wanted = text.trim().toLowerCase();
  const has = (where: string) => where.toLowerCase().includes(wanted);
  return groups
    .map(({ name, settings }) => ({
      name,
      settings: settings.filter((each) => has(name) || has(each.description) || each.variables.some(has)),
    }))
    .filter(({ settings }) => settings.length > 0);
}
