import type { Attempt, Batch, BatchCounts, Counts, RolloutDetail, Step, TaskSummary, Worker } from "@/api/types";

/** A completed, right rollout; each test names what is different. */
export function rollout(fields: Partial<RolloutDetail> = {}): RolloutDetail {
  return {
    id: "01jd5w8kq2zb7n3rxv4m000000",
    batch_id: "01jd5w8kq2zb7n3rxv4m00000b",
    task_id: "q1",
    task_version: "3f9a1c52be07d481",
    agent: "oracle",
    model: null,
    parameters: {},
    extraction: null,
    seed: 0,
    attempt: 1,
    retries_left: 2,
    worker_id: "01jd5w8kq2zb7n3rxv4m00000a",
    template: "9d41f6c2ab03e57189",
    status: "completed",
    stop_reason: "answered",
    success: true,
    reward: 1,
    answer_text: '{"n": 1}',
    expected: { n: 1 },
    verdict: { reward: 1, success: true, parsed: { n: 1 }, evidence: [], reason: "All fields match." },
    errors: [],
    timings: [],
    steps: 3,
    tokens: 0,
    cost: null,
    reused_from: null,
    origin: null,
    seconds: 12.5,
    cancel_requested: false,
    video_url: "/api/rollouts/01jd5w8kq2zb7n3rxv4m000000/video",
    created_at: "2026-11-22T12:00:00Z",
    started_at: "2026-11-22T12:00:01Z",
    finished_at: "2026-11-22T12:00:13Z",
    ...fields,
  };
}

export function step(index: number, fields: Partial<Step> = {}): Step {
  return {
    index,
    source: "agent",
    offset: index * 2,
    url: "http://127.0.0.1:41233/",
    screenshot_url: `/api/rollouts/r/steps/${index}/screenshot`,
    prompt: null,
    notice: null,
    message: "",
    thoughts: "",
    actions: [{ action: { kind: "click", x: 10 * index, y: 20, button: "left", count: 1, held: "" }, error: null }],
    confirmations: [],
    wait_seconds: 0.1,
    agent_seconds: 1,
    action_seconds: 0.2,
    usage: null,
    at: "2026-11-22T12:00:02Z",
    ...fields,
  };
}

export function counts(fields: Partial<Counts> = {}): Counts {
  return { total: 0, live: 0, completed: 0, succeeded: 0, failed: 0, cancelled: 0, success_rate: null, ...fields };
}

export function taskSummary(id: string, fields: Partial<TaskSummary> = {}): TaskSummary {
  return {
    id,
    version: "3f9a1c52be07d481",
    task: `What is ${id}?`,
    environment: "superset",
    tags: [],
    has_solution: true,
    counts: counts(),
    interval: null,
    recent: [],
    updated_at: "2026-11-22T12:00:00Z",
    ...fields,
  };
}

/** An attempt that failed for its infrastructure; each test names what is different. */
export function attempt(number: number, fields: Partial<Attempt> = {}): Attempt {
  return {
    number,
    present: false,
    worker_id: "01jd5w8kq2zb7n3rxv4m00000a",
    errors: [{ phase: "agent", kind: "BrowserError", message: "The page crashed", retryable: true }],
    timings: [],
    steps: 2,
    tokens: 0,
    cost: null,
    video_url: null,
    started_at: "2026-11-22T11:59:00Z",
    ended_at: "2026-11-22T11:59:30Z",
    ...fields,
  };
}

export function batchCounts(fields: Partial<BatchCounts> = {}): BatchCounts {
  return {
    total: 0,
    live: 0,
    claimed: 0,
    completed: 0,
    succeeded: 0,
    reused: 0,
    failed: 0,
    retryable: 0,
    cancelled: 0,
    left_out: 0,
    success_rate: null,
    ...fields,
  };
}

/** A batch that has ended; each test names what is different. */
export function batch(fields: Partial<Batch> = {}): Batch {
  return {
    id: "01jd5w8kq2zb7n3rxv4m00000b",
    name: "Nightly",
    tags: [],
    priority: 0,
    agents: [{ agent: "oracle", model: null, parameters: {} }],
    tasks: 2,
    repeats: 1,
    limits: {},
    budget: {},
    budget_spent: false,
    tokens: 0,
    cost: null,
    max_attempts: 3,
    extraction: null,
    reuse: false,
    paused: false,
    counts: batchCounts({ total: 2, completed: 2, succeeded: 1, success_rate: 0.5 }),
    progress: 1,
    mean_seconds: 12,
    eta_seconds: 0,
    interval: { low: 0.09, high: 0.91 },
    created_at: "2026-11-22T12:00:00Z",
    finished_at: "2026-11-22T12:10:00Z",
    ...fields,
  };
}

/** A worker that works; each test names what is different. */
export function worker(fields: Partial<Worker> = {}): Worker {
  return {
    id: "01jd5w8kq2zb7n3rxv4m00000a",
    host: "bench-1",
    pid: 4242,
    version: "0.1.0",
    state: "working",
    alive: true,
    report: {
      parallel: 4,
      running: 2,
      blocked: null,
      pool: { ready: 3, hits: 10, misses: 1, discarded: 0, budget_bytes: 0, shelves: [] },
      reaped: 0,
    },
    started_at: "2026-11-22T12:00:00Z",
    seen_at: "2026-11-22T12:30:00Z",
    ...fields,
  };
}
