import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { renderPage } from "@/tests/render";
import { Quotas } from "./Quotas";

describe("quotas", () => {
  const sent: string[] = [];

  beforeEach(() => {
    sent.length = 0;
    const quota = { name: "org/model-1", max_running: 4, requests_per_minute: null };
    vi.stubGlobal("fetch", async (request: Request) => {
      if (request.method === "GET") return Response.json({ quotas: [quota] });
      sent.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`.trim());
      return Response.json(quota);
    });
  });

  it("are changed one by one, whatever the model's name holds", async () => {
    renderPage(<Quotas />);
    const form = await screen.findByRole("form", { name: "Quota of org/model-1" });
    const save = within(form).getByRole<HTMLButtonElement>("button", { name: "Save" });
    expect(save.disabled).toBe(true);
    await userEvent.type(within(form).getByLabelText("Requests per minute"), "90");
    await userEvent.click(save);
    await waitFor(() =>
      expect(sent).toEqual(['PUT /api/quotas/org%2Fmodel-1 {"max_running":4,"requests_per_minute":90}']),
    );
  });

  it("can stop a model: none at once is not the same as no limit", async () => {
    renderPage(<Quotas />);
    const form = await screen.findByRole("form", { name: "New quota" });
    await userEvent.type(within(form).getByLabelText("Model or agent"), "noop");
    await userEvent.type(within(form).getByLabelText("Rollouts at once"), "0");
    await userEvent.click(within(form).getByRole("button", { name: "Add" }));
    await waitFor(() => expect(sent).toEqual(['PUT /api/quotas/noop {"max_running":0,"requests_per_minute":null}']));
  });

  it("are removed by name", async () => {
    renderPage(<Quotas />);
    await userEvent.click(await screen.findByRole("button", { name: "Remove the quota of org/model-1" }));
    await waitFor(() => expect(sent).toEqual(["DELETE /api/quotas/org%2Fmodel-1"]));
  });
});
