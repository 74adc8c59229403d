import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderPage } from "@/tests/render";
import { rollout, step } from "@/tests/samples";
import { recordingOf } from "./attempt";
import { Replay } from "./Replay";

const STEPS = [step(0), step(1), step(2)];

beforeEach(() => {
  vi.stubGlobal("fetch", async () => Response.json({ attempt: 1, steps: STEPS }));
});

async function openReplay(address = "") {
  renderPage(<Replay recording={recordingOf(rollout())} />, { address });
  await screen.findByText(/^Step \d of 3$/);
  const video = screen.getByLabelText<HTMLVideoElement>("Recording of the rollout");
  Object.defineProperty(video, "readyState", { value: 4 });
  return { video, user: userEvent.setup() };
}

const highlighted = () => document.querySelector('[aria-current="step"]')?.textContent ?? "";

describe("the replay of a rollout", () => {
  it("seeks the video to a step that is clicked, and shows its screenshot", async () => {
    const { video, user } = await openReplay();
    await user.click(screen.getByRole("button", { name: /Click at \(20, 20\)/ }));
    expect(video.currentTime).toBe(4);
    expect(screen.getByAltText("What the agent saw at step 3")).toBeTruthy();
    expect(highlighted()).toContain("(20, 20)");
  });

  it("highlights the step that the video has come to", async () => {
    const { video } = await openReplay();
    video.currentTime = 2.7;
    fireEvent.timeUpdate(video);
    expect(await screen.findByText("Step 2 of 3")).toBeTruthy();
    expect(highlighted()).toContain("(10, 20)");
  });

  it("moves with the arrow keys and with j and k", async () => {
    const { video, user } = await openReplay();
    await user.keyboard("j");
    expect(await screen.findByText("Step 2 of 3")).toBeTruthy();
    await user.keyboard("{ArrowRight}");
    expect(await screen.findByText("Step 3 of 3")).toBeTruthy();
    expect(video.currentTime).toBe(4);
    await user.keyboard("k");
    expect(await screen.findByText("Step 2 of 3")).toBeTruthy();
  });

  it("opens at the step that the address names", async () => {
    const { video } = await openReplay("?step=2");
    expect(await screen.findByText("Step 2 of 3")).toBeTruthy();
    fireEvent.loadedMetadata(video);
    expect(video.currentTime).toBe(2);
  });

  it("stays inside the list when the address names a step that does not exist", async () => {
    await openReplay("?step=99");
    expect(await screen.findByText("Step 3 of 3")).toBeTruthy();
  });

  it("shows the live picture of an attempt that goes on, until a step is chosen", async () => {
    const recording = { ...recordingOf(rollout({ status: "running", video_url: null })), live: true, videoUrl: null };
    renderPage(<Replay recording={recording} />);
    await screen.findByText("Step 3 of 3");
    expect(screen.getByText("Waiting for the live picture")).toBeTruthy();
    await userEvent.setup().click(screen.getByRole("button", { name: /Click at \(20, 20\)/ }));
    expect(screen.getByAltText("What the agent saw at step 3")).toBeTruthy();
    expect(screen.queryByText("Waiting for the live picture")).toBeNull();
  });
});
