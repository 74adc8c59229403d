import { expect, it } from "vitest";
import { type Contestant, pairsOf, pointsInWords } from "./results";

const did = (agent: string, rate: number, low = rate, high = rate): Contestant => ({
  agent,
  model: null,
  rate,
  interval: { low, high },
  succeeded: 1,
  completed: 2,
  left_out: { failed: 0, cancelled: 0 },
});

it("agents stand in the batch's own order, also without a verdict yet, then those of the other batch alone", () => {
  const pairs = pairsOf([{ agent: "b" }, { agent: "a" }], [did("a", 1)], [did("c", 0), did("a", 0.5)]);
  expect(pairs.map(({ agent, mine, theirs }) => [agent, mine?.rate, theirs?.rate])).toEqual([
    ["b", undefined, undefined],
    ["a", 1, 0.5],
    ["c", undefined, 0],
  ]);
});

it("a difference says where it may be chance", () => {
  const pair = (mine: Contestant | null, theirs: Contestant | null) => ({ agent: "a", model: null, mine, theirs });
  expect(pointsInWords(pair(did("a", 0.9), did("a", 0.5)))).toBe("+40 points");
  expect(pointsInWords(pair(did("a", 0.5, 0.3, 0.7), did("a", 0.6, 0.4, 0.8)))).toBe(
    "−10 points; their intervals overlap",
  );
  expect(pointsInWords(pair(did("a", 0.5), null))).toBe("–");
});
