import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Agent } from "@/api/types";
import { renderPage } from "@/tests/render";
import { batch, batchCounts, taskSummary } from "@/tests/samples";
import { chosenAgent } from "./agents";
import StartForm from "./StartForm";

const agent = (name: string, unavailable: string | null = null): Agent => ({
  name,
  title: name.toUpperCase(),
  description: `does what ${name} does`,
  unavailable,
  parameters: null,
});

const GEMINI = {
  ...agent("gemini"),
  parameters: {
    properties: {
      prompt: { type: "string", default: "Do this: {task}" },
      safety: { type: "string", enum: ["deny", "allow"], default: "deny", description: "what is confirmed" },
      temperature: { anyOf: [{ type: "number", minimum: 0, maximum: 2 }, { type: "null" }], default: null },
    },
  },
};
const MODELS = [
  { id: "g-1", agent: "gemini", context: 1_000_000, tool: null, prices: { input: 0.5, output: 3, cached: null } },
  { id: "g-2", agent: "gemini", context: null, tool: null, prices: null },
];

const AGENTS = [agent("gemini", "Set GEMINI_API_KEY."), agent("oracle"), agent("noop")];

vi.mock("next/navigation", () => ({ useRouter: () => ({ push: () => {} }) }));

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

  let known: Agent[] = AGENTS;

  beforeEach(() => {
    localStorage.clear();
    known = AGENTS;
    sent.length = 0;
    keys.length = 0;
    vi.stubGlobal("fetch", async (request: Request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/api/models") return Response.json(MODELS);
      if (pathname === "/api/tasks") return Response.json({ tasks: [taskSummary("q1")], next: null });
      if (request.method === "GET") return Response.json(known);
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

  it("asks a model's agent for the first model that is known, unless another one is named", async () => {
    known = [GEMINI];
    renderPage(<StartForm taskIds={["q1"]} />);
    await userEvent.click(await screen.findByRole("button", { name: "Start 1 rollout" }));
    expect(sent).toMatchObject([{ agents: [{ agent: "gemini", model: "g-1", parameters: {} }] }]);
    await userEvent.click(screen.getByRole("combobox", { name: "Model" }));
    const other = await screen.findByRole("option", { name: /g-2/ });
    expect(screen.getByRole("option", { name: /g-1/ }).textContent).toContain("$0.5 in, $3 out");
    await userEvent.click(other);
    await userEvent.click(screen.getByRole("button", { name: "Start 1 rollout" }));
    expect(sent[1]).toMatchObject({ agents: [{ agent: "gemini", model: "g-2" }] });
  });

  it("remembers options, uses them, and says that it does", async () => {
    known = [GEMINI];
    renderPage(<StartForm taskIds={["q1"]} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Options" }));
    const form = await screen.findByRole("form", { name: "New batch" });
    await user.click(within(form).getByText("Instruction and policies"));
    await user.click(within(form).getByLabelText("Safety", { selector: "input" }));
    await user.click(await screen.findByRole("option", { name: "allow" }));
    await user.type(within(form).getByLabelText("Budget of the batch ($)"), "2.5");
    await user.click(within(form).getByRole("radio", { name: "Nobody" }));
    await user.click(within(form).getByRole("button", { name: "Start 1 rollout" }));
    const options = {
      agents: [{ agent: "gemini", model: "g-1", parameters: { safety: "allow" } }],
      budget: { cost: 2.5 },
      extraction: null,
    };
    await waitFor(() => expect(sent).toMatchObject([options]));
    cleanup();
    renderPage(<StartForm taskIds={["q1"]} />);
    await screen.findByRole("button", { name: "Options (3 set)" });
    await user.click(screen.getByRole("button", { name: "Start 1 rollout" }));
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]).toMatchObject(options);
  });

  it("shows what the model will be told, with the task in it", async () => {
    known = [GEMINI];
    renderPage(<StartForm taskIds={["q1"]} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "Options" }));
    const form = await screen.findByRole("form", { name: "New batch" });
    await user.click(within(form).getByText("Instruction and policies"));
    await user.click(within(form).getByRole("button", { name: "Preview" }));
    expect(within(form).getByText("Do this: What is q1?")).toBeDefined();
  });
});
