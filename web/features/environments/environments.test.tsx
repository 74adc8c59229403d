import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Build, Environment } from "@/api/types";
import { renderPage } from "@/tests/render";
import { worker } from "@/tests/samples";
import { EnvironmentList } from "./EnvironmentList";
import { poolsOf, progressOf, templateState } from "./environment";
import { OldTemplates } from "./OldTemplates";

const BUILD: Build = {
  name: "shop",
  state: "running",
  step: 2,
  steps: 4,
  doing: "load the data",
  fraction: 0.5,
  error: null,
  started_at: "2026-11-22T12:00:00Z",
  ended_at: null,
};

const environment = (fields: Partial<Environment> = {}): Environment => ({
  name: "shop",
  title: "A shop",
  runtime: "process",
  content_hash: "0123456789abcdef",
  built: false,
  built_at: null,
  size_bytes: null,
  stages: [{ name: "services", made_at: null, size_bytes: null }],
  recipe_file: null,
  on_demand: false,
  build: null,
  ...fields,
});

describe("an environment", () => {
  const sent: string[] = [];
  let shown: Environment;

  beforeEach(() => {
    sent.length = 0;
    vi.stubGlobal("fetch", async (request: Request) => {
      const { pathname } = new URL(request.url);
      if (request.method !== "GET") sent.push(`${request.method} ${pathname}`);
      if (pathname === "/api/environments") return Response.json([shown]);
      const log = { build: { ...BUILD, state: "failed" }, lines: ["<b>hammering</b>", "no nails"] };
      return Response.json(request.method === "GET" ? log : BUILD);
    });
  });

  it("is built from the page, and its log is opened then", async () => {
    shown = environment();
    renderPage(<EnvironmentList />);
    await userEvent.click(await screen.findByRole("button", { name: "Build" }));
    await waitFor(() => expect(sent).toEqual(["POST /api/environments/shop/build"]));
  });

  it("whose build failed says why, shows its log as text, and can be built again", async () => {
    shown = environment({
      build: { ...BUILD, state: "failed", error: "sh failed:\nplank 1\nplank 2\nplank 3\nno nails" },
    });
    renderPage(<EnvironmentList />, { address: "log=shop" });
    const card = await screen.findByRole("article", { name: "shop" });
    const alert = within(card).getByRole("alert").textContent;
    expect(alert).toContain("sh failed:plank 2\nplank 3\nno nails");
    expect(alert).toContain("build again");
    expect(within(card).getByRole("button", { name: "Build again" })).toBeTruthy();
    const log = await within(card).findByRole("region", { name: "Log of the build of shop" });
    expect(log.textContent).toBe("<b>hammering</b>\nno nails");
  });

  it("that is being built says how far that is, and can be cancelled", async () => {
    shown = environment({ build: BUILD });
    renderPage(<EnvironmentList />);
    const bar = await screen.findByRole<HTMLProgressElement>("progressbar", { name: "Build of shop" });
    expect(bar.value).toBeCloseTo(0.375);
    expect(screen.getByText("Step 2 of 4: load the data")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Cancel the build" }));
    await waitFor(() => expect(sent).toEqual(["POST /api/environments/shop/build/cancel"]));
  });

  it("stands as its template does, whatever an older build came to", () => {
    expect(templateState(environment({ built: true, build: { ...BUILD, state: "failed" } })).label).toBe("Built");
    expect(templateState(environment({ build: { ...BUILD, state: "cancelled" } })).label).toBe("Not built");
    expect(progressOf({ step: null, steps: null, fraction: null })).toBeNull();
  });
});

it("what can be removed of old templates says what that frees, and what is in use stays", async () => {
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const part = (what: string, in_use: boolean) => ({ runtime: "process", what, size_bytes: 5_000_000, in_use });
    if (request.method === "GET") {
      return Response.json({ superfluous: [part("old-1", false), part("old-2", true)], free_bytes: 5_000_000 });
    }
    sent.push(await request.text());
    return Response.json({ removed: [part("old-1", false)], freed_bytes: 5_000_000 });
  });
  renderPage(<OldTemplates />);
  await userEvent.click(await screen.findByRole("button", { name: "Remove, and free 5.0 MB" }));
  await userEvent.click(await screen.findByRole("button", { name: "Free 5.0 MB" }));
  expect(await screen.findByText("1 part removed: 5.0 MB freed")).toBeTruthy();
  expect(sent).toEqual(['{"what":["old-1"]}']);
});

it("the warm pools of all workers are added up, those of workers that are gone are not", () => {
  const shelf = { name: "shop", ready: 2, making: 1, target: 3, demand: 7, bytes_each: 10 };
  const pool = { ready: 2, hits: 0, misses: 0, discarded: 0, budget_bytes: 100, shelves: [shelf] };
  const report = { ...worker().report, pool };
  const occupied = {
    rollout_id: "r",
    batch_id: "b",
    task_id: "1",
    environment: "shop",
    agent: "noop",
    model: null,
    status: "running" as const,
    worker_id: "w",
    since: "2026-11-22T12:00:00Z",
  };
  const pools = poolsOf([worker({ report }), worker({ report }), worker({ report, alive: false })], [occupied]);
  expect(pools).toEqual({
    shelves: [{ name: "shop", ready: 4, making: 2, target: 6, demand: 7, bytes: 40, inUse: 1 }],
    bytes: 40,
    budget: 200,
  });
});
