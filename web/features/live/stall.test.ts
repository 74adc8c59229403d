import { expect, test } from "vitest";
import { step } from "@/tests/samples";
import { stallWarning } from "./stall";

const NOW = Date.parse("2026-11-22T12:10:00Z");
const inWords = (seconds: number) => `${seconds} s`;
const warning = (fields: Parameters<typeof step>[1], status: "running" | "verifying" = "running") =>
  stallWarning({ status, started_at: "2026-11-22T12:00:00Z" }, step(0, fields), NOW, inWords);

test("a rollout without a step for long may be stuck, and the time of the step itself does not count", () => {
  const quick = { agent_seconds: 0, action_seconds: 0 };
  expect(warning({ at: "2026-11-22T12:09:30Z", ...quick })).toBeNull();
  expect(warning({ at: "2026-11-22T12:08:00Z", ...quick })).toBe("No step for 120 s");
  expect(warning({ at: "2026-11-22T12:08:00Z", agent_seconds: 90, action_seconds: 0 })).toBeNull();
  expect(warning({ at: "2026-11-22T12:08:00Z", ...quick }, "verifying")).toBeNull();
});

test("an agent that was told that it repeats itself is shown as such", () => {
  const notice = "A dialog was accepted\nYou have done this 3 times now on a screen that looks the same";
  expect(warning({ at: "2026-11-22T12:09:59Z", notice })).toBe("It does the same again and again");
});
