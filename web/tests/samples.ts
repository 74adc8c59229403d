import type { Counts, Rollout, Step, TaskSummary } from "@/api/types";

/** A completed, right rollout; each test names what is different. */
export function rollout(fields: Partial<Rollout> = {}): Rollout {
  return {
    id: "01jd5w8kq2zb7n3rxv4m000000",
    task_id: "q1",
    task_version: "3f9a1c52be07d481",
    agent: "oracle",
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
    offset: index * 2,
    url: "http://127.0.0.1:41233/",
    screenshot_url: `/api/rollouts/r/steps/${index}/screenshot`,
    message: "",
    actions: [{ action: { kind: "click", x: 10 * index, y: 20, button: "left" }, error: null }],
    agent_seconds: 1,
    action_seconds: 0.2,
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
    updated_at: "2026-11-22T12:00:00Z",
    ...fields,
  };
}
