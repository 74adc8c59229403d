import { describe, expect, it } from "vitest";
import { problemAt, problemsElsewhere } from "./problems";

describe("a problem that the server found", () => {
  const problems = [
    { field: "agents.1", message: "Set KEY" },
    { field: "limits", message: "Value error, agent_seconds (20) is more than total_seconds (10) allows" },
    { field: "task_ids", message: "oracle: no solution", index: 0, item_id: "a" },
    { field: "body", message: "something else" },
  ];

  it("is shown at its field, in the server's words", () => {
    expect(problemAt(problems, "agents.1")).toBe("Set KEY");
    expect(problemAt(problems, "agents.10")).toBeNull();
    expect(problemAt(problems, "limits")).toBe("agent_seconds (20) is more than total_seconds (10) allows");
    expect(problemAt(problems, "repeats")).toBeNull();
  });

  it("is not lost where it belongs to no field", () => {
    const elsewhere = problemsElsewhere(problems, ["agents", "limits", "task_ids"]);
    expect(elsewhere.map(({ field }) => field)).toEqual(["body"]);
  });
});
