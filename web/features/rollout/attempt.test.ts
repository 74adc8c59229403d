import { describe, expect, it } from "vitest";
import { attempt, rollout } from "@/tests/samples";
import { attemptInWords, earlierAttempt, endInFull, endInWords, recordingOf } from "./attempt";

describe("where a rollout of several attempts stands", () => {
  it("is not told of one that is in its first", () => {
    expect(attemptInWords(rollout())).toBeNull();
  });

  it("says that it is queued again, and how many attempts there may be", () => {
    const again = rollout({ status: "pending", attempt: 2, retries_left: 1 });
    expect(attemptInWords(again)).toBe("Attempt 2 of 3 waits for a free worker");
  });

  it("says which attempt goes on, and later which one decided", () => {
    expect(attemptInWords(rollout({ status: "running", attempt: 2, retries_left: 1 }))).toBe("Attempt 2 of 3 goes on");
    expect(attemptInWords(rollout({ status: "completed", attempt: 3 }))).toBe("Decided by attempt 3");
    expect(attemptInWords(rollout({ status: "cancelled", attempt: 2 }))).toBe("Cancelled in attempt 2");
  });
});

describe("an earlier attempt", () => {
  it("says why it ended", () => {
    expect(endInWords(attempt(1))).toBe("failed: BrowserError");
    expect(endInFull(attempt(1))).toBe("BrowserError in phase agent: The page crashed");
  });

  it("that ended with its worker did not fail", () => {
    expect(endInWords(attempt(1, { errors: [] }))).toBe("stopped with its worker");
  });

  it("is found by its number; the present one is not an earlier one", () => {
    const all = [attempt(1), attempt(2, { present: true })];
    expect(earlierAttempt(all, 1)?.number).toBe(1);
    expect(earlierAttempt(all, 2)).toBeNull();
    expect(earlierAttempt(all, 7)).toBeNull();
    expect(earlierAttempt(all, null)).toBeNull();
  });

  it("is played back with its own steps and video, also while the rollout goes on", () => {
    const going = rollout({ id: "r", status: "running", attempt: 2, steps: 5 });
    const earlier = attempt(1, { steps: 2, video_url: "/v1" });
    expect(recordingOf(going, earlier)).toEqual({ rolloutId: "r", attempt: 1, live: false, steps: 2, videoUrl: "/v1" });
    expect(recordingOf(going)).toMatchObject({ attempt: 2, live: true, steps: 5 });
  });
});
