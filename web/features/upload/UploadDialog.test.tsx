import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { UploadPreview } from "@/api/types";
import { renderPage } from "@/tests/render";
import UploadDialog from "./UploadDialog";

const file = new File(["[]"], "tasks.json", { type: "application/json" });
const asked: string[] = [];

function serve(answers: Record<string, () => Response>) {
  asked.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    const path = new URL(request.url).pathname;
    asked.push(path);
    return answers[path]?.() ?? Response.json({}, { status: 500 });
  });
}

const after = { id: "q1", task: "How many coats?", answer: 2 };
const preview = (fields: Partial<UploadPreview>) =>
  Response.json({ added: 0, changed: 0, unchanged: 0, total: 2, entries: [], more: 0, ...fields });

describe("an upload", () => {
  it("is shown before it is done, and done only when the person says so", async () => {
    serve({
      "/api/tasks/upload/preview": () =>
        preview({
          changed: 1,
          unchanged: 1,
          entries: [{ id: "q1", line: 7, before: { ...after, answer: 1 }, after }] as never,
        }),
      "/api/tasks/upload": () =>
        Response.json({ added: 0, changed: 1, unchanged: 1, total: 2, task_ids: ["q1", "q2"] }),
    });
    renderPage(<UploadDialog file={file} onClose={() => {}} />);
    expect(await screen.findByText("line 7")).toBeTruthy();
    expect(screen.getByText("answer")).toBeTruthy();
    expect(asked).toEqual(["/api/tasks/upload/preview"]);
    await userEvent.click(screen.getByRole("button", { name: "Upload 1 task" }));
    expect(await screen.findByText("2 tasks: 0 added, 1 changed, 1 unchanged.")).toBeTruthy();
    expect(asked).toEqual(["/api/tasks/upload/preview", "/api/tasks/upload"]);
  });

  it("offers nothing to upload where nothing would change", async () => {
    serve({ "/api/tasks/upload/preview": () => preview({ unchanged: 2 }) });
    renderPage(<UploadDialog file={file} onClose={() => {}} />);
    expect(await screen.findByText(/nothing to upload/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: /^Upload/ })).toBeNull();
  });

  it("that is refused names every problem with its line", async () => {
    const errors = [{ field: "answer", message: "is not <b>JSON</b>", index: 0, item_id: "q1", line: 12 }];
    const body = { title: "", status: 422, detail: "task 0: is not JSON", errors };
    serve({ "/api/tasks/upload/preview": () => Response.json(body, { status: 422 }) });
    const onClose = vi.fn();
    renderPage(<UploadDialog file={file} onClose={onClose} />);
    expect((await screen.findByRole("alert")).textContent).toContain("nothing was changed");
    expect(screen.getByRole("row", { name: /12 #0 q1 answer is not <b>JSON<\/b>/ })).toBeTruthy();
    await userEvent.click(screen.getAllByRole("button", { name: "Close" }).at(-1) as HTMLElement);
    await waitFor(() => expect(onClose).toHaveBeenCalled());
  });
});
