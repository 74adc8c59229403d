import { describe, expect, it } from "vitest";
import type { RolloutQuery } from "@/api/types";
import { rolloutHref } from "./href";
import { listOf, searchOf } from "./query";

describe("the address of a rollout", () => {
  it("holds the list that it was opened from, whole", () => {
    const list: RolloutQuery = { task_id: "a&b=c", status: ["failed", "cancelled"], sort: "longest" };
    const address = new URL(rolloutHref("r1", list), "http://x");
    expect(address.searchParams.get("id")).toBe("r1");
    expect(listOf(address.searchParams.get("list") ?? "")).toEqual(list);
  });

  it("asks the server for the same as the list did", () => {
    const list: RolloutQuery = { success: false, q: "ümlaut ?" };
    expect(searchOf(listOf(searchOf(list).toString())).toString()).toBe(searchOf(list).toString());
  });

  it("is short where it was opened from no list", () => {
    expect(rolloutHref("r1")).toBe("/rollout/?id=r1");
  });
});
