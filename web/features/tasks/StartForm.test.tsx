import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Agent } from "@/api/types";
import { renderPage } from "@/tests/render";
import { batch, batchCounts } from "@/tests/samples";
import { chosenAgent } from "./agents";
import StartForm from "./StartForm";

const agent = (name: string, unavailable: string | null = null): Agent => ({
  name,
  title: name.toUpperCase(),
  description: `does what ${name} does`,
  unavailable,
  parameters: null,
});

const AGENTS = [agent("gemini", "Set GEMINI_API_KEY."), agent("oracle"), agent("noop")];

describe("the agent that a form begins with", () => {
  it("is the one used last", () => {
    expect(chosenAgent(AGENTS, "noop")?.name).toBe("noop");
  });

  it("is the first that can be used where the last one cannot any more", () => {
    expect(chosenAgent(AGENTS, "gemini")?.name).toBe("oracle");
    expect(chosenAgent(AGENTS, "")?.name).toBe("oracle");
  });

  it("is none where none can be used", () => {
    expect(chosenAgent([agent("gemini", "no key")], "gemini")).toBeNull();
  });
});

describe("starting rollouts", () => {
  const sent: unknown[] = [];
  const keys: (string | null)[] = [];

  beforeEach(() => {
    sent.length = 0;
    keys.length = 0;
    vi.stubGlobal("fetch", async (request: Request) => {
      if (request.method === "GET") return Response.json(AGENTS);
      sent.push(await request.json());
      keys.push(request.headers.get("idempotency-key"));
      return Response.json(batch({ counts: batchCounts({ total: 6, live: 6 }) }), { status: 201 });
    });
  });

  it("asks for so many rollouts of every chosen task", async () => {
    renderPage(<StartForm taskIds={["q1", "q2"]} />);
    const user = userEvent.setup();
    const count = screen.getByRole("textbox", { name: "Rollouts of each task" });
    await user.clear(count);
    await user.type(count, "3");
    await user.click(await screen.findByRole("button", { name: "Start 6 rollouts" }));
    expect(sent).toMatchObject([{ task_ids: ["q1", "q2"], agents: [{ agent: "oracle" }], repeats: 3 }]);
    expect((await screen.findByRole("link", { name: "open the batch" })).getAttribute("href")).toContain("/batch");
  });

  it("twice in a moment names the same batch, however often it is sent", async () => {
    renderPage(<StartForm taskIds={["q1"]} />);
    const button = await screen.findByRole("button", { name: "Start 1 rollout" });
    await screen.findByDisplayValue("ORACLE");
    await userEvent.dblClick(button);
    await screen.findByRole("link", { name: "open the batch" });
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("offers an agent that cannot be used here only with the reason", async () => {
    renderPage(<StartForm taskIds={["q1"]} />);
    await screen.findByDisplayValue("ORACLE");
    await userEvent.click(screen.getByRole("combobox", { name: "Agent" }));
    const option = await screen.findByRole("option", { name: /GEMINI/ });
    expect(option.textContent).toContain("Set GEMINI_API_KEY.");
    expect(option.getAttribute("data-combobox-disabled")).toBe("true");
  });
});
