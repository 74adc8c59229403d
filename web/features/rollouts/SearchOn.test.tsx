import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { PAGES_AT_ONCE, SearchOn } from "./SearchOn";

it("goes on by itself, page after page, and asks after a while", async () => {
  const onMore = vi.fn();
  const { rerender } = render(<SearchOn pages={1} fetching={false} onMore={onMore} />, { wrapper: MantineProvider });
  expect(onMore).toHaveBeenCalledTimes(1);
  rerender(<SearchOn pages={1} fetching={true} onMore={onMore} />);
  expect(onMore).toHaveBeenCalledTimes(1);
  rerender(<SearchOn pages={2} fetching={false} onMore={onMore} />);
  expect(onMore).toHaveBeenCalledTimes(2);
  rerender(<SearchOn pages={PAGES_AT_ONCE} fetching={false} onMore={onMore} />);
  expect(onMore).toHaveBeenCalledTimes(2);
  await userEvent.click(screen.getByRole("button", { name: "Search on" }));
  expect(onMore).toHaveBeenCalledTimes(3);
});
