import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Evidence } from "@/api/types";
import { renderPage } from "@/tests/render";
import { cellText, placeOf, sortEvidence } from "./evidence";
import { EvidenceTable, Result } from "./Result";

const piece = (fields: Partial<Evidence>): Evidence => ({
  path: "a",
  expected: 1,
  got: 1,
  verdict: "match",
  note: "",
  ...fields,
});

describe("a piece of evidence", () => {
  it("tells a value that is null from one that is not there", () => {
    expect(cellText(piece({ got: null, verdict: "mismatch" }), "got")).toBe("null");
    expect(cellText(piece({ got: null, verdict: "missing" }), "got")).toBeNull();
    expect(cellText(piece({ expected: null, verdict: "unexpected" }), "expected")).toBeNull();
  });

  it("tells a text from a number that looks the same", () => {
    expect(cellText(piece({ got: "1", verdict: "mismatch" }), "got")).toBe('"1"');
  });

  it("says whether it is about a field, the whole answer or the state", () => {
    expect(placeOf("totals.revenue")).toEqual({ kind: "field", name: "totals.revenue" });
    expect(placeOf("$")).toEqual({ kind: "whole", name: "whole answer" });
    expect(placeOf("state: the chart exists")).toEqual({ kind: "state", name: "the chart exists" });
  });

  it("stands first where it does not match", () => {
    const sorted = sortEvidence([piece({ path: "a" }), piece({ path: "b", verdict: "missing" }), piece({ path: "c" })]);
    expect(sorted.map(({ path }) => path)).toEqual(["b", "a", "c"]);
  });
});

describe("the evidence table", () => {
  it("shows path, expected, got, verdict and note of each field", () => {
    renderPage(
      <EvidenceTable
        evidence={[piece({ path: "revenue", expected: 2.5, got: 25, verdict: "mismatch", note: "differs by 22.5" })]}
      />,
    );
    const row = screen.getByRole("row", { name: /revenue/ });
    expect(within(row).getByText("2.5")).toBeTruthy();
    expect(within(row).getByText("25")).toBeTruthy();
    expect(within(row).getByText("mismatch")).toBeTruthy();
    expect(within(row).getByText("differs by 22.5")).toBeTruthy();
  });

  it("shows markup in an answer as text", () => {
    const { container } = renderPage(<EvidenceTable evidence={[piece({ got: "<script>alert(1)</script>" })]} />);
    expect(container.querySelector("script")).toBeNull();
    expect(screen.getByText('"<script>alert(1)</script>"')).toBeTruthy();
  });
});

it("the result counts what matches and shows both answers whole", () => {
  renderPage(
    <Result
      verdict={{
        reward: 0.5,
        success: false,
        parsed: { a: 1 },
        reason: "",
        evidence: [piece({}), piece({ path: "b", verdict: "missing" })],
      }}
      expected={{ a: 1, b: 2 }}
    />,
  );
  expect(screen.getByText("1 of 2 checks matched")).toBeTruthy();
  expect(screen.getByRole("region", { name: "Expected answer" }).textContent).toContain('"b": 2');
  expect(screen.getByRole("region", { name: "Parsed answer" }).textContent).not.toContain('"b"');
});

it("the result of a task that is only about state shows no answers", () => {
  renderPage(
    <Result
      verdict={{
        reward: 1,
        success: true,
        parsed: null,
        reason: "",
        evidence: [piece({ path: "state: the chart exists" })],
      }}
      expected={null}
    />,
  );
  expect(screen.getByText("the chart exists")).toBeTruthy();
  expect(screen.queryByRole("region", { name: "Expected answer" })).toBeNull();
});

describe("an answer that a model read", () => {
  const extraction = {
    provider: "gemini",
    model: "gemini-3.5-flash",
    found: true,
    parsed: { n: 1 },
    problem: "",
    textual: { number: 1 },
    textual_problem: "what was found in the text is not written as the task wants it",
    usage: {
      input_tokens: 900,
      output_tokens: 100,
      cached_tokens: 0,
      thinking_tokens: 0,
      cost: 0.0012,
      requests: 1,
      retries: 0,
      model_seconds: 1,
      waited_seconds: 0,
    },
  };
  const verdict = { reward: 1, success: true, parsed: { n: 1 }, evidence: [], reason: "", extraction };

  it("says who read it, why, what that took, and what was found without it", () => {
    renderPage(<Result verdict={verdict} expected={{ n: 1 }} />);
    expect(screen.getByText("gemini-3.5-flash")).toBeDefined();
    expect(screen.getByText(/1,000 tokens, cost: \$0\.0012/)).toBeDefined();
    expect(screen.getByText("Found in the agent’s text without it")).toBeDefined();
  });

  it("is no answer where the model found none either", () => {
    const none = { ...extraction, found: false, parsed: null, problem: "the model found no answer either" };
    renderPage(<Result verdict={{ ...verdict, extraction: none }} expected={{ n: 1 }} />);
    expect(screen.getByText(/and could not: the model found no answer either/)).toBeDefined();
    expect(screen.getByText("Answer found in the agent’s text")).toBeDefined();
  });
});
