import { describe, expect, it } from "vitest";
import { modelAsked, readOptions, requestedWith, USUAL, unusual } from "./options";
import { fieldsOf, promptFor } from "./parameters";

describe("options that a browser kept", () => {
  it("are the usual ones where they cannot be read", () => {
    for (const text of [undefined, "", "no", "[]", '{"limits": 3, "agent": {}, "reader": "x", "maxAttempts": "2"}']) {
      expect(readOptions(text)).toEqual(USUAL);
    }
  });

  it("come back as they were, without what is not understood", () => {
    const kept = { ...USUAL, agent: "gemini", limits: { steps: 9 }, parameters: { gemini: { safety: "allow" } } };
    expect(readOptions(JSON.stringify(kept))).toEqual(kept);
    const strange = {
      ...kept,
      limits: { steps: 9, tokens: "many" },
      parameters: { gemini: { safety: "allow" }, x: 1 },
    };
    expect(readOptions(JSON.stringify(strange))).toEqual(kept);
  });

  it("are told where they are not as usual, for the agent that has them", () => {
    const options = { ...USUAL, limits: { cost: 1, steps: null }, parameters: { gemini: { max_output_tokens: 9 } } };
    expect(unusual(options, "gemini")).toEqual(["max output tokens", "limit of cost"]);
    expect(unusual(options, "oracle")).toEqual(["limit of cost"]);
    expect(unusual(USUAL, "gemini")).toEqual([]);
  });
});

it("who reads answers is only said where that is not the server's to say", () => {
  const reader = { by: "model", provider: "gemini", model: " g-1 " } as const;
  expect(requestedWith(USUAL)).not.toHaveProperty("extraction");
  expect(requestedWith({ ...USUAL, reader: { ...reader, by: "nobody" } }).extraction).toBeNull();
  expect(requestedWith({ ...USUAL, reader }).extraction).toEqual({ provider: "gemini", model: "g-1" });
});

it("an agent without a model is asked for none", () => {
  const agent = { name: "oracle", title: "", description: "", unavailable: null, parameters: null };
  expect(modelAsked(agent, "left over", [])).toBeNull();
  expect(modelAsked({ ...agent, parameters: {} }, " named ", [])).toBe("named");
  expect(modelAsked({ ...agent, parameters: {} }, "", [])).toBeNull();
});

describe("the parameters of an agent", () => {
  it("are entered as their schema says", () => {
    const properties = {
      prompt: { type: "string", default: "{task}" },
      effort: { anyOf: [{ type: "string", enum: ["low", "high"] }, { type: "null" }], default: null },
      thinking: { anyOf: [{ type: "string", enum: ["adaptive"] }, { type: "integer" }, { type: "null" }] },
      store: { type: "boolean", default: true },
      ask_seconds: { type: "number", exclusiveMinimum: 0, maximum: 60, default: 30 },
    };
    const fields = fieldsOf({ properties });
    expect(fields.map(({ label, kind }) => [label, kind])).toEqual([
      ["Effort", "choice"],
      ["Thinking", "text"],
      ["Store", "switch"],
      ["Ask seconds", "number"],
    ]);
    expect(fields[3]).toMatchObject({ usual: 30, min: 0, max: 60, whole: false });
    expect(fieldsOf(null)).toEqual([]);
  });

  it("include what the model is told, to the letter whatever the task holds", () => {
    expect(promptFor("A {task} B {task}", "$& {x}")).toBe("A $& {x} B $& {x}");
  });
});
