import { describe, expect, it } from "vitest";
import type { Evidence } from "@/api/types";
import { batch, rollout } from "@/tests/samples";
import { inputsOf } from "./inputs";
import { differs, fieldsOf, figuresOf, MEASURES } from "./outcomes";

const piece = (path: string, got: unknown, verdict: Evidence["verdict"] = "match"): Evidence => ({
  path,
  expected: 1,
  got: got as Evidence["got"],
  verdict,
  note: "",
});

const judged = (...evidence: Evidence[]) =>
  rollout({ verdict: { reward: 0, success: false, parsed: null, evidence, reason: "" } });

describe("the inputs of compared rollouts", () => {
  it("are constants where all have the same, and variables where not, also where one lacks a parameter", () => {
    const cold = rollout({ model: "m", parameters: { temperature: 0 } });
    const warm = rollout({ model: "m", parameters: {} });
    const { constants, variables } = inputsOf(
      [cold, warm],
      [batch({ limits: { steps: 9 } }), batch({ limits: { steps: 9 } })],
    );
    expect(variables).toEqual([{ name: "Parameter: temperature", values: ["0", "–"] }]);
    expect(constants.map(({ name }) => name)).toContain("Limit: steps");
    expect(constants.find(({ name }) => name === "Model")?.values).toEqual(["m", "m"]);
  });
});

describe("the figures of compared rollouts", () => {
  const measure = (name: string) => MEASURES.find((each) => each.name === name) ?? MEASURES[0];

  it("say how far they are from the baseline's", () => {
    const steps = measure("Steps");
    if (steps === undefined) throw new Error("there is no such measure");
    const [base, more, less] = figuresOf(steps, [rollout({ steps: 5 }), rollout({ steps: 8 }), rollout({ steps: 4 })]);
    expect([base?.change, more?.change, less?.change]).toEqual([null, "+3", "−1"]);
  });

  it("say of a cost that is not known that it is unknown, not that it is nothing", () => {
    const cost = measure("Cost");
    if (cost === undefined) throw new Error("there is no such measure");
    expect(figuresOf(cost, [rollout({ model: "m", cost: null }), rollout({ model: null })])).toEqual([
      { value: "unknown", change: null },
      { value: "$0", change: null },
    ]);
  });
});

describe("the fields of compared answers", () => {
  it("are those of all verdicts, first those in which they differ; what has no verdict is no difference", () => {
    const fields = fieldsOf([
      judged(piece("a", 1), piece("b", 1)),
      judged(piece("a", 1), piece("b", 2, "mismatch")),
      rollout({ verdict: null }),
    ]);
    expect(fields.map(({ path }) => path)).toEqual(["b", "a"]);
    expect(fields.map(differs)).toEqual([true, false]);
    expect(fields[0]?.pieces[2]).toBeNull();
  });
});
