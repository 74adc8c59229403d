import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/problem";
import type { ProblemField } from "@/api/types";
import { renderPage } from "@/tests/render";
import { UploadReport } from "./UploadReport";

const refused = (errors: ProblemField[]) =>
  new ApiError(422, { type: "about:blank", title: "Unprocessable Content", status: 422, detail: "Refused", errors });

describe("the report of an upload", () => {
  it("says what was added, changed and unchanged", () => {
    const result = { added: 3, changed: 1, unchanged: 20, total: 24, task_ids: [] };
    renderPage(<UploadReport upload={{ fileName: "tasks.json", result }} onDismiss={() => {}} />);
    expect(screen.getByRole("status").textContent).toContain("24 tasks: 3 added, 1 changed, 20 unchanged.");
  });

  it("lists every problem with the task's position, id, field and message", () => {
    const error = refused([
      { field: "answer", message: "is no JSON", index: 3, item_id: "q4" },
      { field: "limits.steps", message: "must be a number", index: 7, item_id: null },
    ]);
    renderPage(<UploadReport upload={{ fileName: "tasks.json", error }} onDismiss={() => {}} />);
    expect(screen.getByRole("alert").textContent).toContain("nothing was changed. 2 problems");
    const first = screen.getByRole("row", { name: /answer/ });
    expect(within(first).getByText("#3")).toBeTruthy();
    expect(within(first).getByText("q4")).toBeTruthy();
    expect(within(first).getByText("is no JSON")).toBeTruthy();
    expect(screen.getByRole("row", { name: /limits.steps/ })).toBeTruthy();
  });

  it("unfolds a long list of problems only when asked", async () => {
    const errors = Array.from({ length: 130 }, (_unused, index) => ({
      field: "id",
      message: "is empty",
      index,
      item_id: null,
    }));
    renderPage(<UploadReport upload={{ fileName: "t.json", error: refused(errors) }} onDismiss={() => {}} />);
    expect(screen.getAllByRole("row")).toHaveLength(101);
    await userEvent.click(screen.getByRole("button", { name: "Show all 130 problems" }));
    expect(screen.getAllByRole("row")).toHaveLength(131);
  });

  it("says what is wrong with the file as a whole", () => {
    renderPage(<UploadReport upload={{ fileName: "big.json", error: refused([]) }} onDismiss={() => {}} />);
    expect(screen.getByText("Refused")).toBeTruthy();
  });

  it("stays until it is dismissed", async () => {
    const dismiss = vi.fn();
    renderPage(<UploadReport upload={{ fileName: "t.json", error: refused([]) }} onDismiss={dismiss} />);
    await userEvent.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(dismiss).toHaveBeenCalledOnce();
  });
});
