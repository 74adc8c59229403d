/** What a list of rollouts asks for, as it stands in addresses. */
import type { RolloutQuery } from "@/api/types";

/** A query as it stands in an address. */
export function searchOf(query: RolloutQuery): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) if (each !== null && each !== undefined) search.append(name, String(each));
  }
  return search;
}

/** The list that an address names. The server refuses what is no query. */
export function listOf(text: string): RolloutQuery {
  const search = new URLSearchParams(text);
  const values = (name: string) => (search.getAll(name).length > 1 ? search.getAll(name) : search.get(name));
  return Object.fromEntries([...new Set(search.keys())].map((name) => [name, values(name)]));
}
