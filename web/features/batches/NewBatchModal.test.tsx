import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderPage } from "@/tests/render";
import { batch, taskSummary } from "@/tests/samples";
import NewBatchModal from "./NewBatchModal";

const opened = vi.fn();
vi.mock("next/navigation", () => ({ useRouter: () => ({ push: opened }) }));

const TASKS = [taskSummary("a", { tags: ["sql"] }), taskSummary("b", { tags: ["sql"] }), taskSummary("c")];
const AGENTS = ["oracle", "noop"].map((name) => ({
  name,
  title: name,
  description: name,
  unavailable: null,
  parameters: null,
}));

describe("a new batch", () => {
  const sent: { body: unknown; key: string | null }[] = [];
  let answerOf: () => Response;

  beforeEach(() => {
    localStorage.clear();
    sent.length = 0;
    opened.mockReset();
    answerOf = () => Response.json(batch({ id: "b9" }), { status: 201 });
    vi.stubGlobal("fetch", async (request: Request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/api/models") return Response.json([]);
      if (pathname === "/api/agents") return Response.json(AGENTS);
      if (pathname === "/api/tasks") return Response.json({ tasks: TASKS, next: null });
      sent.push({ body: await request.json(), key: request.headers.get("idempotency-key") });
      return answerOf();
    });
  });

  async function open(selected: string[] = []) {
    renderPage(<NewBatchModal selected={selected} onClose={() => {}} />);
    await screen.findByDisplayValue("oracle");
    return userEvent.setup();
  }

  it("says how many rollouts it is before it starts them, and opens the batch then", async () => {
    const user = await open();
    await user.click(screen.getByRole("button", { name: "Add an agent" }));
    const repeats = screen.getByLabelText("Repeats");
    await user.clear(repeats);
    await user.type(repeats, "4");
    expect(screen.getByRole("status").textContent).toBe("3 tasks × 2 agents × 4 repeats = 24 rollouts");
    await user.click(screen.getByRole("button", { name: "Start 24 rollouts" }));
    await waitFor(() => expect(opened).toHaveBeenCalledWith("/batch/?id=b9"));
    expect(sent[0]?.body).toMatchObject({ task_ids: ["a", "b", "c"], repeats: 4, reuse: false });
    expect(sent[0]?.key).toMatch(/^[0-9a-f]{32}$/);
  });

  it("begins with the tasks that were selected, and can be of those with a tag instead", async () => {
    const user = await open(["c"]);
    expect(screen.getByRole("button", { name: "Start 1 rollout" })).toBeTruthy();
    await user.click(screen.getByRole("radio", { name: "By tag" }));
    await user.click(await screen.findByRole("checkbox", { name: /sql/ }));
    expect(screen.getByRole("button", { name: "Start 2 rollouts" })).toBeTruthy();
  });

  it("cannot be started without any task", async () => {
    const user = await open();
    await user.click(screen.getByRole("radio", { name: "Selected" }));
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Start 0 rollouts" }).disabled).toBe(true);
  });

  it("shows what the server refuses at the field that it is about, and the rest under them", async () => {
    const errors = [
      { field: "agents.0", message: "Set KEY to use it." },
      { field: "limits.steps", message: "too many" },
      { field: "task_ids", message: "oracle: it has no solution", index: 1, item_id: "b" },
    ];
    answerOf = () => Response.json({ title: "", status: 422, detail: "Not possible", errors }, { status: 422 });
    const user = await open();
    await user.click(screen.getByRole("button", { name: "Start 3 rollouts" }));
    expect(await screen.findByText("Set KEY to use it.")).toBeTruthy();
    expect(screen.getByText("too many")).toBeTruthy();
    const row = screen.getByRole("row", { name: /oracle: it has no solution/ });
    expect(within(row).getByText("b")).toBeTruthy();
    expect(screen.queryByRole("row", { name: /Set KEY/ })).toBeNull();
    expect(opened).not.toHaveBeenCalled();
  });
});
