import { beforeEach, expect, it, vi } from "vitest";
import type { StreamEvent } from "@/api/types";
import { setPreferences } from "@/lib/preferences";
import { notifyEnds } from "./notifyEnds";

const shown = vi.fn();

class Shown {
  static permission = "granted";
  onclick = null;
  constructor(title: string, options: NotificationOptions) {
    shown(title, options.body, options.tag);
  }
}

const event = (kind: StreamEvent["kind"]): StreamEvent => ({
  seq: 1,
  at: "2026-11-30T12:00:00Z",
  kind,
  batch_id: "01m8zr4d0c9x5w1v2t3s4r5q6p",
  task_id: null,
  rollout_id: null,
  data: { name: "nightly", total: 5, completed: 4, succeeded: 3, failed: 1, cancelled: 0 },
});

beforeEach(() => {
  shown.mockClear();
  Shown.permission = "granted";
  vi.stubGlobal("Notification", Shown);
  setPreferences({ notifications: true });
});

it("a batch that ended is told to those who opted in, with how it went", () => {
  notifyEnds([event("rollout.status"), event("batch.ended")]);
  expect(shown.mock.calls).toEqual([
    ["nightly has ended", "3 of 4 completed rollouts succeeded, 1 failed", "01m8zr4d0c9x5w1v2t3s4r5q6p"],
  ]);
});

it("nothing is told to those who did not opt in, or whose browser forbids it", () => {
  setPreferences({ notifications: false });
  notifyEnds([event("batch.ended")]);
  setPreferences({ notifications: true });
  Shown.permission = "denied";
  notifyEnds([event("batch.ended")]);
  expect(shown).not.toHaveBeenCalled();
});
