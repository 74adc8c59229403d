import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "@/tests/render";
import { RecentOutcomes } from "./RecentOutcomes";

it("tells how the newest rollouts ended, the newest last", () => {
  const { container } = renderPage(
    <RecentOutcomes
      recent={[
        { id: "3", status: "failed", success: null },
        { id: "2", status: "completed", success: false },
        { id: "1", status: "completed", success: true },
      ]}
    />,
  );
  expect(screen.getByRole("img", { name: "The last 3: success, wrong, failed" })).toBeTruthy();
  expect([...container.querySelectorAll("[data-tone]")].map((mark) => mark.getAttribute("data-tone"))).toEqual([
    "success",
    "wrong",
    "failed",
  ]);
});

it("is not there where nothing has ended", () => {
  const { container } = renderPage(<RecentOutcomes recent={[]} />);
  expect(container.querySelector("[role=img]")).toBeNull();
});
