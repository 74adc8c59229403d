import { fireEvent, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { renderPage } from "@/tests/render";
import { ShortcutsButton } from "./Shortcuts";

it.each([
  ["with Shift, as on most keyboards", true],
  ["without, as on some", false],
])("a question mark shows the keyboard shortcuts: %s", async (_where, shiftKey) => {
  renderPage(<ShortcutsButton />);
  fireEvent.keyDown(document.body, { key: "?", code: "Slash", shiftKey });
  expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeTruthy();
});
