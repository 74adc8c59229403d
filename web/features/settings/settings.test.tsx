import { screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Setting } from "@/api/types";
import { renderPage } from "@/tests/render";
import { byUrgency } from "./findings";
import { SettingGroups } from "./SettingGroups";
import { found } from "./setting";

const setting = (name: string, fields: Partial<Setting> = {}): Setting => ({
  name,
  variables: [`ROLLDECK_${name.toUpperCase()}`],
  description: "",
  value: null,
  secret: false,
  is_set: false,
  source: "default",
  variable: null,
  ...fields,
});

const GROUPS = [
  { name: "Server", settings: [setting("port", { value: "8000", is_set: true, source: "option" })] },
  {
    name: "Models",
    settings: [
      setting("openai_api_key", {
        variables: ["ROLLDECK_OPENAI_API_KEY", "OPENAI_API_KEY"],
        secret: true,
        is_set: true,
        source: "environment",
        variable: "OPENAI_API_KEY",
      }),
    ],
  },
];

describe("the server's settings", () => {
  beforeEach(() => {
    vi.stubGlobal("fetch", async () => Response.json({ version: "1", groups: GROUPS }));
  });

  it("say where they come from, and of a secret only that it is set", async () => {
    renderPage(<SettingGroups />);
    const models = await screen.findByRole("list", { name: "Settings: Models" });
    expect(within(models).getByText("set, and not shown")).toBeTruthy();
    expect(within(models).getByText("from OPENAI_API_KEY")).toBeTruthy();
    expect(screen.getByText("from an option of the command")).toBeTruthy();
  });

  it("are found by another name of their variable, too", async () => {
    renderPage(<SettingGroups />, { address: "setting=openai_api" });
    expect(await screen.findByRole("list", { name: "Settings: Models" })).toBeTruthy();
    expect(screen.queryByRole("list", { name: "Settings: Server" })).toBeNull();
    expect(found(GROUPS, "server").map(({ name }) => name)).toEqual(["Server"]);
  });
});

it("what is missing comes before what is well", () => {
  const finding = (name: string, state: "ok" | "warn" | "missing") => ({ name, state, found: "" });
  const found = byUrgency([finding("a", "ok"), finding("b", "warn"), finding("c", "missing"), finding("d", "warn")]);
  expect(found.map(({ name }) => name)).toEqual(["c", "b", "d", "a"]);
});
