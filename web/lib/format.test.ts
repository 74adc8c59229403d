import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEstimate,
  formatOffset,
  formatRate,
  formatRelative,
} from "./format";

describe("a duration", () => {
  it.each([
    [0.0421, "42 ms"],
    [4.24, "4.2 s"],
    [9.97, "10 s"],
    [59.7, "1 min"],
    [65, "1 min 05 s"],
    [600, "10 min"],
    [3720, "1 h 02 min"],
  ])("of %d seconds is written %s", (seconds, words) => {
    expect(formatDuration(seconds)).toBe(words);
  });
});

describe("a place in a video", () => {
  it.each([
    [0, "0:00"],
    [7.9, "0:07"],
    [750, "12:30"],
    [3723, "1:02:03"],
  ])("at %d seconds is written %s", (seconds, words) => {
    expect(formatOffset(seconds)).toBe(words);
  });
});

describe("how long ago something was", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");

  it.each([
    ["2026-11-22T11:59:57Z", "now"],
    ["2026-11-22T11:59:20Z", "40 s ago"],
    ["2026-11-22T11:55:00Z", "5 min ago"],
    ["2026-11-22T09:00:00Z", "3 h ago"],
    ["2026-11-20T11:00:00Z", "2 d ago"],
  ])("%s is %s", (moment, words) => {
    expect(formatRelative(moment, now)).toBe(words);
  });

  it("is never in the future, whatever the clocks say", () => {
    expect(formatRelative("2026-11-22T12:00:09Z", now)).toBe("now");
  });

  it("becomes a date after a week", () => {
    expect(formatRelative("2026-10-01T12:00:00Z", now)).toContain("2026");
  });
});

describe("a rate", () => {
  it.each([
    [1, "100%"],
    [0.999, "99%"],
    [0.001, "1%"],
    [0, "0%"],
    [2 / 3, "67%"],
  ])("of %d is %s: only perfect is 100%%, only none is 0%%", (rate, words) => {
    expect(formatRate(rate)).toBe(words);
  });
});

it("a count agrees with its noun", () => {
  expect(formatCount(1, "step")).toBe("1 step");
  expect(formatCount(12000, "step")).toBe("12,000 steps");
});

describe("a size of files", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [43_210, "43 kB"],
    [999_999, "1.0 MB"],
    [1_340_000_000, "1.3 GB"],
    [7e15, "7000 TB"],
  ])("of %d bytes is written %s", (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });
});

describe("an estimate of time", () => {
  it.each([
    [20, "less than a minute"],
    [244, "about 4 min"],
    [3600, "about 60 min"],
    [8000, "about 2 h"],
    [400_000, "about 5 d"],
  ])("of %d seconds is no more precise than it can be: %s", (seconds, words) => {
    expect(formatEstimate(seconds)).toBe(words);
  });
});
