import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { renderPage } from "@/tests/render";
import { rollout } from "@/tests/samples";
import { RolloutRow } from "./RolloutRow";

const HOSTILE = ["<script>alert(1)</script>", "\u202eRTL", "😀", "\u001b[31mred", "x".repeat(1_000_000)];

function show(fields: Parameters<typeof rollout>[0], onPeek = vi.fn(), onToggle = vi.fn()) {
  const shown = rollout(fields);
  return renderPage(
    <RolloutRow
      rollout={shown}
      list={{ sort: "longest" }}
      readAt={Date.now()}
      index={3}
      style={{}}
      selected={false}
      onToggle={onToggle}
      onPeek={onPeek}
    />,
  );
}

describe("a row of the list", () => {
  it("is a link to its rollout", () => {
    show({ id: "a/b" });
    expect(screen.getByRole("link").getAttribute("href")).toMatch(/^\/rollout\/?\?id=a%2Fb&list=sort%3Dlongest$/);
    expect(screen.getByRole("row").getAttribute("aria-rowindex")).toBe("5");
  });

  it("is peeked at with Space or the eye, and selected, without leaving the list", () => {
    const onPeek = vi.fn();
    const onToggle = vi.fn();
    show({ id: "r1", task_id: "q1" }, onPeek, onToggle);
    fireEvent.keyDown(screen.getByRole("link"), { key: " " });
    fireEvent.click(screen.getByRole("button", { name: "Peek at q1, oracle" }));
    fireEvent.click(screen.getByRole("checkbox", { name: "Select q1, oracle" }));
    expect(onPeek.mock.calls).toEqual([["r1"], ["r1"]]);
    expect(onToggle.mock.calls[0]?.[0].id).toBe("r1");
  });

  it.each(HOSTILE)("shows hostile text as text: %.20s", (text) => {
    const { container } = show({
      task_id: text,
      model: text,
      verdict: { reward: 0, success: false, parsed: text, evidence: [], reason: text },
    });
    expect(container.querySelector("script")).toBeNull();
    expect(screen.getByRole("link").textContent).toBe(text);
    expect(screen.getByText(/^"/).textContent?.length).toBeLessThan(200);
  });
});
