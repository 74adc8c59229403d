import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { renderPage } from "@/tests/render";
import { changesOf } from "./changes";
import TaskChanges from "./TaskChanges";

const task = (fields: Partial<Task>): Task => ({ id: "q", task: "How many hats?", answer: 1, ...fields }) as Task;

describe("what two versions of a task differ in", () => {
  it("is told field by field", () => {
    expect(changesOf(task({}), task({ answer: 2, tags: ["a"] })).map(({ field }) => field)).toEqual(["answer", "tags"]);
    expect(changesOf(task({}), task({}))).toEqual([]);
  });

  it("is marked as gone and as new", () => {
    const { container } = renderPage(<TaskChanges before={task({})} after={task({ task: "How many coats?" })} />);
    expect(container.querySelector("del")?.textContent).toBe("hats");
    expect(container.querySelector("ins")?.textContent).toBe("coats");
  });

  it("is shown whole, as text, where it is too much to compare", () => {
    const { container } = renderPage(
      <TaskChanges before={task({})} after={task({ task: `<script>alert(1)</script>${"x".repeat(1_000_000)}` })} />,
    );
    expect(container.querySelector("script")).toBeNull();
    expect(screen.getByRole("button", { name: /^Show all/ })).toBeTruthy();
  });
});
