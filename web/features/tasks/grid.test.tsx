import { screen, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { renderPage } from "@/tests/render";
import { rollout } from "@/tests/samples";
import { AttemptGrid } from "./AttemptGrid";
import { contestantsOf } from "./grid";

const newestFirst = [
  rollout({ id: "3", agent: "gemini", model: "flash", success: false }),
  rollout({ id: "2", agent: "noop", status: "failed", success: null, verdict: null }),
  rollout({ id: "1", agent: "gemini", model: "flash" }),
];

it("rollouts are told apart by who tried, each with the oldest first", () => {
  expect(
    contestantsOf(newestFirst).map(({ agent, model, rollouts }) => [agent, model, rollouts.map(({ id }) => id)]),
  ).toEqual([
    ["gemini", "flash", ["1", "3"]],
    ["noop", null, ["2"]],
  ]);
});

describe("the grid of models and attempts", () => {
  it("has a cell for each rollout that says what came of it, and pass@k with its interval", async () => {
    const points = [{ k: 1, estimate: 0.5, interval: { low: 0.0945, high: 0.9055 }, tasks: 1, too_few: 0 }];
    vi.stubGlobal("fetch", async (request: Request) =>
      request.url.includes("pass-at-k")
        ? Response.json({ curves: [{ agent: "gemini", model: "flash", points, left_out: {} }] })
        : Response.json({ rollouts: newestFirst, next: null, total: null }),
    );
    renderPage(<AttemptGrid taskId="q1" />);
    const cells = within(await screen.findByRole("list", { name: /^Rollouts of flash/ })).getAllByRole("link");
    expect(cells.map((cell) => [cell.getAttribute("aria-label"), cell.dataset.tone])).toEqual([
      ["1: Success", "success"],
      ["2: Wrong", "wrong"],
    ]);
    expect(cells[0]?.getAttribute("href")).toMatch(/^\/rollout\/?\?id=1$/);
    expect((await screen.findByText("pass@1")).parentElement?.textContent).toBe("pass@150% 9%–91%");
    expect(screen.getByRole("link", { name: "1: Failed" }).dataset.tone).toBe("failed");
  });
});
