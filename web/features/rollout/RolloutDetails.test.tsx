import { screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderPage } from "@/tests/render";
import { attempt, rollout, step } from "@/tests/samples";
import { RolloutDetails } from "./RolloutDetails";

const again = rollout({ id: "r2", attempt: 2, steps: 3 });
const ATTEMPTS = [attempt(1, { video_url: "/video-1" }), attempt(2, { present: true, errors: [], steps: 3 })];

describe("a rollout of two attempts", () => {
  const asked: string[] = [];

  beforeEach(() => {
    asked.length = 0;
    vi.stubGlobal("fetch", async (request: Request) => {
      const { pathname, search } = new URL(request.url);
      asked.push(`${pathname}${search}`);
      if (pathname.endsWith("/attempts")) return Response.json({ attempts: ATTEMPTS });
      if (pathname.endsWith("/steps")) return Response.json({ attempt: 1, steps: [step(0), step(1)] });
      return Response.json({ status: 404, detail: "none", title: "", errors: [] }, { status: 404 });
    });
  });

  const video = () => screen.getByLabelText<HTMLVideoElement>("Recording of the rollout").getAttribute("src");

  it("shows the one that decided, and why the first one did not", async () => {
    renderPage(<RolloutDetails rollout={again} onDeleted={() => {}} />);
    expect(await screen.findByText("Decided by attempt 2")).toBeTruthy();
    const first = await screen.findByRole("link", { name: /Attempt 1 failed: BrowserError/ });
    expect(first.getAttribute("href")).toMatch(/\?id=r2&attempt=1$/);
    expect(screen.queryByText("The page crashed")).toBeNull();
    expect(video()).toBe(again.video_url);
  });

  it("shows the first one, as far as it got, where the address names it: with no answer, as it had none", async () => {
    renderPage(<RolloutDetails rollout={again} onDeleted={() => {}} />, { address: "?attempt=1" });
    expect(await screen.findByText("The page crashed")).toBeTruthy();
    expect(video()).toBe("/video-1");
    expect(asked).toContain("/api/rollouts/r2/steps?attempt=1");
    expect(screen.queryByText("Answer found in the agent’s text")).toBeNull();
  });
});

describe("a reused rollout", () => {
  beforeEach(() => {
    vi.stubGlobal("fetch", async () => Response.json({ attempt: 1, steps: [] }));
  });

  it("names the one that answered for it, and plays that one back", async () => {
    const origin = rollout({ id: "r1", video_url: "/video-of-r1" });
    const reused = rollout({ id: "r9", reused_from: "r1", origin, video_url: null, steps: 0 });
    renderPage(<RolloutDetails rollout={reused} onDeleted={() => {}} />);
    expect(screen.getByRole("link", { name: "r1" }).getAttribute("href")).toMatch(/\?id=r1$/);
    const video = screen.getByLabelText<HTMLVideoElement>("Recording of the rollout");
    expect(video.getAttribute("src")).toBe("/video-of-r1");
  });

  it("says so also where that one has been deleted", () => {
    const reused = rollout({ id: "r9", reused_from: "r1", origin: null, video_url: null, steps: 0 });
    renderPage(<RolloutDetails rollout={reused} onDeleted={() => {}} />);
    expect(screen.getByRole("region", { name: "Reused" }).textContent).toContain("has been deleted since");
    expect(screen.queryByRole("link", { name: "r1" })).toBeNull();
  });
});
