import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Overview } from "@/api/types";
import { renderPage } from "@/tests/render";
import { Situation } from "./Situation";

const IDLE: Overview = {
  running: 0,
  queued: 0,
  held: 0,
  live_batches: 0,
  workers: 1,
  slots: { total: 4, free: 4 },
  claiming: true,
  blocked: [],
  throughput: { seconds: 600, completed: 0, failed: 0, per_hour: 0 },
  eta_seconds: 0,
};

it("an idle installation has nothing to do, and room", () => {
  renderPage(<Situation overview={IDLE} />);
  expect(screen.getByText("nothing to do")).toBeTruthy();
  expect(screen.getByText("Free slots").nextSibling?.textContent).toBe("4");
});

it("what waits and is not claimed says why", () => {
  renderPage(<Situation overview={{ ...IDLE, queued: 5, claiming: false, blocked: ["no worker is alive"] }} />);
  expect(screen.getByText("Nothing of what waits is claimed")).toBeTruthy();
  expect(screen.getByText("no worker is alive")).toBeTruthy();
});

it("throughput says of how long it is, and the time left follows from it", () => {
  const throughput = { seconds: 600, completed: 9, failed: 1, per_hour: 60 };
  renderPage(<Situation overview={{ ...IDLE, running: 2, queued: 8, held: 3, throughput, eta_seconds: 420 }} />);
  expect(screen.getByText("9 completed, 1 failed in the last 10 min")).toBeTruthy();
  expect(screen.getByText("about 7 min")).toBeTruthy();
});
