import { describe, expect, it } from "vitest";
import { taskSummary } from "@/tests/samples";
import { type BatchForm, countRollouts, newForm, requestOf, splitTags, tagsOf, taskIdsOf } from "./form";

const TASKS = [
  taskSummary("a", { tags: ["sql", "easy"] }),
  taskSummary("b", { tags: ["sql"] }),
  taskSummary("c", { tags: ["chart"] }),
];

const ORACLE = { key: 0, agent: "oracle", model: "", parameters: {} };

const form = (fields: Partial<BatchForm> = {}): BatchForm => ({ ...newForm([]), agents: [ORACLE], ...fields });

describe("the tasks of a new batch", () => {
  it("are all at first, or those that were selected before", () => {
    expect(taskIdsOf(form(), TASKS)).toEqual(["a", "b", "c"]);
    expect(taskIdsOf(newForm(["c", "a"]), TASKS)).toEqual(["a", "c"]);
  });

  it("are those with one of the chosen tags, each once", () => {
    expect(taskIdsOf(form({ from: "tags", taskTags: new Set(["sql", "easy"]) }), TASKS)).toEqual(["a", "b"]);
    expect(taskIdsOf(form({ from: "tags" }), TASKS)).toEqual([]);
  });

  it("can be chosen by the tags that there are, the most frequent first", () => {
    expect(tagsOf(TASKS)).toEqual([
      { tag: "sql", count: 2 },
      { tag: "chart", count: 1 },
      { tag: "easy", count: 1 },
    ]);
  });
});

it("a batch has tasks × agents × repeats rollouts", () => {
  const agents = [ORACLE, { key: 1, agent: "noop", model: "", parameters: {} }];
  expect(countRollouts(form({ agents, repeats: 5 }), TASKS)).toBe(30);
});

it("what is left empty is not asked for", () => {
  const request = requestOf(form({ name: "  ", tags: " nightly, ,nightly , x", limits: { steps: 30 } }), ["a"], {
    agents: [],
    models: [],
  });
  expect(request).toMatchObject({
    name: null,
    tags: ["nightly", "x"],
    agents: [{ agent: "oracle", model: null }],
    limits: { steps: 30 },
    reuse: false,
  });
  expect(request).not.toHaveProperty("extraction");
  expect(splitTags("")).toEqual([]);
});
