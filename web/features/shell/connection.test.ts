import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/problem";
import { connectionOf } from "./connection";

const WELL = { status: "ok", database: "ok", live_rollouts: 2, version: "0.1.0" } as const;

describe("what a page says of the server", () => {
  it("is nothing while all is well", () => {
    expect(connectionOf({ data: WELL, error: null })).toEqual({ live: 2, version: "0.1.0", warning: null });
  });

  it("is that it went away, and that the page keeps what it has", () => {
    const { warning, live } = connectionOf({ data: WELL, error: new TypeError("Failed to fetch") });
    expect(warning).toContain("does not answer");
    expect(warning).toContain("What you see is the last that it said.");
    expect(live).toBeNull();
  });

  it("is the same where only a proxy answers", () => {
    expect(connectionOf({ error: new ApiError(502, "Bad Gateway") }).warning).toContain("does not answer");
  });

  it("is that it cannot reach its database", () => {
    const { warning } = connectionOf({ data: { ...WELL, status: "degraded", database: "unreachable" }, error: null });
    expect(warning).toContain("database");
  });
});
