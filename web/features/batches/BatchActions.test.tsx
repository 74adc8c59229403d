import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderPage } from "@/tests/render";
import { batch, batchCounts } from "@/tests/samples";
import { BatchActions } from "./BatchActions";

const LIVE = batchCounts({ total: 10, live: 4, claimed: 1, completed: 3, succeeded: 3, failed: 3, retryable: 2 });

describe("what can be done with a batch", () => {
  const sent: string[] = [];

  beforeEach(() => {
    sent.length = 0;
    vi.stubGlobal("fetch", async (request: Request) => {
      const { pathname } = new URL(request.url);
      sent.push(`${request.method} ${pathname} ${await request.text()}`.trim());
      if (request.method === "DELETE") {
        return Response.json({ id: "b1", rollouts: 10, attempts: 12, steps: 40, freed_bytes: 5 });
      }
      return Response.json(request.method === "PATCH" ? batch() : { batch: batch(), rollouts: 2 });
    });
  });

  it("is to pause it while it goes on, and to resume it once it is paused", async () => {
    renderPage(<BatchActions batch={batch({ id: "b1", counts: LIVE })} onDeleted={() => {}} />);
    await userEvent.click(screen.getByRole("button", { name: "Pause" }));
    expect(sent).toEqual(['PATCH /api/batches/b1 {"paused":true}']);
    renderPage(<BatchActions batch={batch({ counts: LIVE, paused: true })} onDeleted={() => {}} />);
    expect(screen.getByRole("button", { name: "Resume" })).toBeTruthy();
  });

  it("is to retry infrastructure failures only where there are some, and says how many were", async () => {
    renderPage(<BatchActions batch={batch({ id: "b1", counts: LIVE })} onDeleted={() => {}} />);
    await userEvent.click(screen.getByRole("button", { name: "Retry 2 infrastructure failures" }));
    expect(await screen.findByText("2 rollouts queued again")).toBeTruthy();
    expect(sent).toEqual(["POST /api/batches/b1/retry"]);
  });

  it("is not to retry wrong answers", () => {
    renderPage(<BatchActions batch={batch()} onDeleted={() => {}} />);
    expect(screen.queryByRole("button", { name: /Retry/ })).toBeNull();
  });

  it("is to cancel it, after a question", async () => {
    renderPage(<BatchActions batch={batch({ id: "b1", counts: LIVE })} onDeleted={() => {}} />);
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    const dialog = await screen.findByRole("dialog", { name: "Cancel this batch?" });
    expect(sent).toEqual([]);
    await userEvent.click(within(dialog).getByRole("button", { name: "Cancel the batch" }));
    await waitFor(() => expect(sent).toEqual(["POST /api/batches/b1/cancel"]));
  });

  it("is to delete it once it has ended, after a question, and tells what was removed", async () => {
    const deleted = vi.fn();
    renderPage(<BatchActions batch={batch({ id: "b1" })} onDeleted={deleted} />);
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    const dialog = await screen.findByRole("dialog", { name: "Delete this batch?" });
    await userEvent.click(within(dialog).getByRole("button", { name: "Delete 2 rollouts" }));
    await waitFor(() => expect(deleted).toHaveBeenCalled());
    expect(deleted.mock.calls[0]?.[0]).toMatchObject({ attempts: 12, freed_bytes: 5 });
  });
});
