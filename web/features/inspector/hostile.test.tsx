import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { recordingOf } from "@/features/rollout/attempt";
import { renderPage } from "@/tests/render";
import { rollout, step } from "@/tests/samples";
import Inspector from "./Inspector";
import { linesOf } from "./logText";

const SCRIPT = "<script>window.hacked = true</script><img src=x onerror='window.hacked = true'>";
const HOSTILE = `${SCRIPT} \u202egnirts\u202c 🙂 ${"x".repeat(1_000_000)}`;
const LINK = "javascript:window.hacked=true";

const STEP = step(0, {
  url: LINK,
  prompt: HOSTILE,
  notice: HOSTILE,
  message: HOSTILE,
  thoughts: HOSTILE,
  actions: [{ action: { kind: "type", text: HOSTILE }, error: HOSTILE, notice: HOSTILE }],
  confirmations: [{ action: HOSTILE, concern: HOSTILE, decision: "denied_by_policy" }],
});

const ROLLOUT = rollout({
  success: false,
  model: SCRIPT,
  answer_text: HOSTILE,
  expected: HOSTILE,
  verdict: {
    reward: 0,
    success: false,
    parsed: HOSTILE,
    reason: HOSTILE,
    evidence: [{ path: HOSTILE, expected: HOSTILE, got: HOSTILE, verdict: "mismatch", note: HOSTILE }],
  },
});

const LOG = {
  source: "console",
  name: "console",
  text: `\u001b[31m\u001b]0;title\u0007${HOSTILE}\u001b[0m\n\u001b[2Jb`,
};

beforeEach(() => {
  vi.stubGlobal("fetch", async () => Response.json({ attempt: 1, logs: [LOG] }));
});

const TABS = ["result", "messages", "action", "change", "logs", "raw"];

describe("hostile text", () => {
  it.each(TABS)("is shown as text, in its own direction and cut, in the tab %s", async (tab) => {
    renderPage(
      <Inspector
        rollout={ROLLOUT}
        earlier={null}
        recording={recordingOf(ROLLOUT)}
        moment={{ steps: [STEP], current: 0, choose: () => {} }}
      />,
      { address: `?tab=${tab}` },
    );
    expect((await screen.findAllByText(/window\.hacked = true/)).length).toBeGreaterThan(0);
    const panel = screen.getByRole("tabpanel");
    expect(panel.querySelector("script, img[src=x], a[href^=javascript]")).toBeNull();
    expect(panel.textContent?.length).toBeLessThan(60_000);
    expect(panel.textContent).not.toContain("\u001b");
  });

  it("is shown whole where that is asked for", async () => {
    renderPage(
      <Inspector
        rollout={ROLLOUT}
        earlier={null}
        recording={recordingOf(ROLLOUT)}
        moment={{ steps: [step(0, { message: `${"y".repeat(9000)}END` })], current: 0, choose: () => {} }}
      />,
      { address: "?tab=messages" },
    );
    expect(screen.queryByText(/END/)).toBeNull();
    await userEvent.setup().click(await screen.findByRole("button", { name: "Show all 9,003 characters" }));
    expect(screen.getByText(/END/)).toBeTruthy();
  });
});

describe("a log", () => {
  it("has lost whatever would colour, move or hide its text, and only that", () => {
    expect(
      linesOf(
        "\u001b[31mred\u001b[0m plain\r\n\u001b]8;;http://evil\u0007link\u001b]8;;\u0007\n\tindented\u0008\u0000\n",
      ),
    ).toEqual(["red plain", "link", "\tindented"]);
  });
});
