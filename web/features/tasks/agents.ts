import type { Agent } from "@/api/types";

/** The agent that a form begins with: the one used last if it can be used here, else the first that can. */
export function chosenAgent(agents: readonly Agent[], lastUsed: string): Agent | null {
  const usable = agents.filter((agent) => agent.unavailable === null);
  return usable.find((agent) => agent.name === lastUsed) ?? usable[0] ?? null;
}
