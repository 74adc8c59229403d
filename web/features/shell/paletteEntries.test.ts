import { describe, expect, it, vi } from "vitest";
import { DEFAULTS } from "@/lib/preferences";
import { batch, rollout, taskSummary } from "@/tests/samples";
import { type Doable, entriesFor, type Known } from "./paletteEntries";

const KNOWN: Known = {
  tasks: [taskSummary("revenue-2024", { task: "What was the revenue?" })],
  batches: [batch({ id: "01m8zr4d0c9x5w1v2t3s4r5q6p", name: "Nightly", tags: ["gpu"] })],
  rollouts: [rollout({ id: "01m8zr4d0c9x5w1v2t3s4r5abc" })],
};

const doable = (): Doable => ({
  preferences: DEFAULTS,
  setPreferences: vi.fn(),
  scheme: "auto",
  setScheme: vi.fn(),
  startBatch: vi.fn(),
});

const labels = (search: string) =>
  entriesFor(search, KNOWN, doable()).flatMap(({ entries }) => entries.map(({ label }) => label));

describe("the palette", () => {
  it("shows where to go and what to do before anything is sought", () => {
    expect(entriesFor("", KNOWN, doable()).map(({ title }) => title)).toEqual(["Go to", "Do"]);
  });

  it("opens a rollout by its whole id, and finds one by the end of it", () => {
    expect(labels("01M8ZR4D0C9X5W1V2T3S4R5Q6P")[0]).toBe("Rollout 01m8zr4d0c9x5w1v2t3s4r5q6p");
    expect(entriesFor("r5abc", KNOWN, doable()).find(({ title }) => title === "Rollouts")?.entries).toHaveLength(2);
  });

  it("finds tasks by their instruction, batches by name and tag", () => {
    expect(labels("the revenue")).toContain("revenue-2024");
    expect(labels("gpu")).toContain("Nightly");
  });

  it("always offers to search all rollouts, whatever text that is", () => {
    const entry = entriesFor("<script>&q=1", KNOWN, doable()).at(-1)?.entries.at(-1);
    expect(entry).toMatchObject({ href: "/rollouts/?q=%3Cscript%3E%26q%3D1" });
  });

  it("does what is chosen", () => {
    const doing = doable();
    const [entry] = entriesFor("utc", KNOWN, doing).flatMap(({ entries }) => entries);
    if (entry !== undefined && "act" in entry) entry.act();
    expect(doing.setPreferences).toHaveBeenCalledWith({ timeZone: "utc" });
  });
});
