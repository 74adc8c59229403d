import { beforeEach, describe, expect, it, vi } from "vitest";
import { rollout } from "@/tests/samples";
import { batchesAgain, cancelAll, deleteAll, forEach } from "./bulk";

const signal = new AbortController().signal;
const asked: string[] = [];

function answerWith(answers: (request: Request) => Response) {
  asked.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    return answers(request);
  });
}

const problem = (status: number) => Response.json({ title: "", status, detail: "no", errors: [] }, { status });

describe("doing something with many", () => {
  it("tells how far it is, and stops when it is given up", async () => {
    const told: number[] = [];
    await forEach(
      [1, 2, 3, 4, 5],
      async () => {},
      (done) => told.push(done),
      signal,
    );
    expect(told).toEqual([1, 2, 3, 4, 5]);
    const controller = new AbortController();
    controller.abort();
    await expect(
      forEach(
        [1],
        async () => {},
        () => {},
        controller.signal,
      ),
    ).rejects.toThrow();
  });

  it("deletes what has ended and says what it removed; what is live is left", async () => {
    answerWith(() => Response.json({ id: "x", outcome: "deleted", attempts: 2, steps: 10, freed_bytes: 1_500_000 }));
    const chosen = [rollout({ id: "a" }), rollout({ id: "b" }), rollout({ id: "c", status: "running" })];
    expect(await deleteAll(chosen, () => {}, signal)).toBe(
      "2 rollouts deleted, with 4 attempts and 20 steps; 3.0 MB freed. 1 live one was left: cancel first.",
    );
    expect(asked).toEqual(["DELETE /api/rollouts/a", "DELETE /api/rollouts/b"]);
  });

  it("cancels what is live; what ends in that moment stays as it ended", async () => {
    answerWith((request) =>
      request.url.includes("late") ? problem(409) : Response.json({ id: "x", outcome: "cancelled" }),
    );
    const chosen = [rollout({ id: "late", status: "running" }), rollout({ id: "b", status: "pending" }), rollout()];
    expect(await cancelAll(chosen, () => {}, signal)).toBe("1 rollout cancelled; 1 had ended already.");
  });
});

describe("running again", () => {
  beforeEach(() => vi.unstubAllGlobals());

  it("asks for each task as often as it was chosen, by the same agent with the same parameters", () => {
    const flash = { agent: "gemini", model: "flash", parameters: { temperature: 0 } };
    const batches = batchesAgain([
      rollout({ ...flash, task_id: "a" }),
      rollout({ ...flash, task_id: "a" }),
      rollout({ ...flash, task_id: "b" }),
      rollout({ task_id: "a" }),
    ]);
    expect(batches).toEqual([
      { name: "Again", task_ids: ["b"], agents: [flash], repeats: 1 },
      { name: "Again", task_ids: ["a"], agents: [flash], repeats: 2 },
      { name: "Again", task_ids: ["a"], agents: [{ agent: "oracle", model: null, parameters: {} }], repeats: 1 },
    ]);
  });
});
