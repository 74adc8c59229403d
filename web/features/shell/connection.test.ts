import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/problem";
import { connectionOf } from "./connection";

const WELL = {
  status: "ok" as const,
  database: "ok" as const,
  live_rollouts: 2,
  version: "0.1.0",
  workers: 1,
  claiming: true,
  blocked: [],
};

describe("what a page says of the server", () => {
  it("is nothing while all is well", () => {
    expect(connectionOf({ data: WELL, error: null })).toEqual({
      live: 2,
      version: "0.1.0",
      warning: null,
      blocked: null,
    });
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

  it("is why nobody claims what waits", () => {
    const data = { ...WELL, claiming: false, blocked: ["the disk is nearly full"] };
    expect(connectionOf({ data, error: null }).blocked).toEqual(["the disk is nearly full"]);
  });

  it("is nothing of that while nothing waits", () => {
    const data = { ...WELL, live_rollouts: 0, claiming: false, blocked: ["no worker is alive"] };
    expect(connectionOf({ data, error: null }).blocked).toBeNull();
  });
});
