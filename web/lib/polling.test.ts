import { describe, expect, it } from "vitest";
import { CALM_MS, LIVE_MS, listInterval, rolloutInterval } from "./polling";

describe("a list of rollouts", () => {
  it("is asked for calmly when all have ended", () => {
    expect(listInterval([{ status: "completed" }, { status: "failed" }, { status: "cancelled" }])).toBe(CALM_MS);
  });

  it("is still asked for when it is empty, as one may be started elsewhere", () => {
    expect(listInterval([])).toBe(CALM_MS);
  });

  it.each(["pending", "provisioning", "running", "verifying"] as const)(
    "is asked for faster while one is %s",
    (status) => {
      expect(listInterval([{ status: "completed" }, { status }])).toBe(LIVE_MS);
    },
  );
});

describe("one rollout", () => {
  it("is asked for fast while it is live", () => {
    expect(rolloutInterval({ status: "running" })).toBe(LIVE_MS);
  });

  it("is not asked for again once it ended", () => {
    expect(rolloutInterval({ status: "failed" })).toBe(false);
  });

  it("is asked for calmly while nothing is known of it", () => {
    expect(rolloutInterval(undefined)).toBe(CALM_MS);
  });
});
