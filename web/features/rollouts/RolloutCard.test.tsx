import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderPage } from "@/tests/render";
import { rollout } from "@/tests/samples";
import { Rate } from "./Rate";
import { RolloutCard } from "./RolloutCard";

describe("a rollout's card", () => {
  it("opens the rollout", () => {
    renderPage(<RolloutCard rollout={rollout({ id: "a/b" })} />);
    expect(screen.getByRole("link").getAttribute("href")).toMatch(/^\/rollout\/?\?id=a%2Fb$/);
  });

  it("shows the answer of a completed one in short", () => {
    renderPage(<RolloutCard rollout={rollout()} />);
    expect(screen.getByText('{"n":1}')).toBeTruthy();
    expect(screen.getByText("Success")).toBeTruthy();
  });

  it("shows the first line of a failed one's first error", () => {
    const errors = [
      { phase: "browser" as const, kind: "BrowserError", message: "The page crashed\nat line 1", retryable: true },
      { phase: "teardown" as const, kind: "EnvironmentFailure", message: "Later", retryable: true },
    ];
    renderPage(<RolloutCard rollout={rollout({ status: "failed", success: null, verdict: null, errors })} />);
    expect(screen.getByText("browser: The page crashed")).toBeTruthy();
    expect(screen.queryByText(/Later/)).toBeNull();
  });

  it("says that it waits again after an attempt that decided nothing", () => {
    renderPage(<RolloutCard rollout={rollout({ status: "pending", attempt: 2, success: null, verdict: null })} />);
    expect(screen.getByText("waits for a worker again, for attempt 2")).toBeTruthy();
  });

  it("says that another rollout answered for it", () => {
    renderPage(<RolloutCard rollout={rollout({ reused_from: "01jd5w8kq2zb7n3rxv4m000009" })} />);
    expect(screen.getByText("Reused")).toBeTruthy();
  });

  it("shows hostile text as text", () => {
    const parsed = "<img src=x onerror=alert(1)>";
    const { container } = renderPage(
      <RolloutCard rollout={rollout({ verdict: { reward: 0, success: false, parsed, evidence: [], reason: "" } })} />,
    );
    expect(screen.getByText(`"${parsed}"`)).toBeTruthy();
    expect(container.querySelector("img")).toBeNull();
  });
});

it("a rate is read out with what it leaves out", () => {
  renderPage(
    <Rate counts={{ total: 3, live: 0, completed: 2, succeeded: 1, failed: 1, cancelled: 0, success_rate: 0.5 }} />,
  );
  expect(screen.getByText("1 of 2 completed rollouts succeeded; 1 left out (1 failed)")).toBeTruthy();
  expect(screen.getByText("50%")).toBeTruthy();
});

it("a rate whose interval is known says how sure it is", () => {
  const half = { total: 2, live: 0, completed: 2, succeeded: 1, failed: 0, cancelled: 0, success_rate: 0.5 };
  renderPage(<Rate counts={half} interval={{ low: 0.0945, high: 0.9055 }} />);
  expect(screen.getByText(/succeeded; none left out; 95 % interval 9%–91%/)).toBeTruthy();
});
