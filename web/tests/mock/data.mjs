// Made-up data for the mock server: every status, both verdicts, long and hostile texts.
const INSTRUCTIONS = [
  'Open the dataset "orders" in SQL Lab. Which product category had the highest revenue in 2023?\nAnswer as {"category": name, "revenue": number rounded to 2 decimals}.',
  'How many orders were placed by customers from Lisbon in March 2024? Answer as {"orders": count}.',
  "Create a bar chart of monthly revenue by category and save it as “Revenue by month”.",
  "Save a query named “late invoices” that lists all invoices paid more than 30 days after they were due.",
  'List the five customers with the most orders, most orders first; ties by name. Answer as {"customers": [names], "orders": [counts]}.',
];

const AGO = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

const ids = [
  "top-category-2023",
  "orders-lisbon-march",
  "chart-revenue-by-month",
  "save-query-late-invoices",
  "top-five-customers",
  "dashboard-support-load",
  "median-basket-value",
  "reviews-below-three",
  "returning-customers-q4",
  "edit-dataset-description",
  "cancelled-orders-share",
  "best-weekday",
  "invoice-total-2022",
  "a-task-with-quite-a-long-identifier-that-does-not-fit-the-sidebar",
];

const COUNTS = [
  [24, 2, 18, 14, 3, 1],
  [6, 0, 6, 6, 0, 0],
  [4, 1, 2, 0, 1, 0],
  [0, 0, 0, 0, 0, 0],
  [12, 0, 12, 5, 0, 0],
  [3, 0, 0, 0, 3, 0],
];

const countsOf = (position) => {
  const [total, live, completed, succeeded, failed, cancelled] = COUNTS[position % COUNTS.length];
  return {
    total,
    live,
    completed,
    succeeded,
    failed,
    cancelled,
    success_rate: completed ? succeeded / completed : null,
  };
};

const ENDS = [
  { status: "completed", success: true },
  { status: "completed", success: false },
  { status: "failed", success: null },
  { status: "completed", success: true },
  { status: "cancelled", success: null },
];

const intervalOf = ({ success_rate: rate }) =>
  rate === null ? null : { low: Math.max(0, rate - 0.2), high: Math.min(1, rate + 0.2) };

export const tasks = () =>
  ids.map((id, position) => ({
    id,
    version: "3f9a1c52be07d481",
    task: INSTRUCTIONS[position % INSTRUCTIONS.length],
    environment: "superset",
    tags: position % 3 === 0 ? ["retrieval", "sql-lab"] : ["state"],
    has_solution: position % 4 !== 3,
    counts: countsOf(position),
    interval: intervalOf(countsOf(position)),
    recent: Array.from({ length: position % 11 }, (_, each) => ({
      id: `${position}-${each}`,
      ...ENDS[(position + each) % ENDS.length],
    })),
    updated_at: AGO(9000),
  }));

const EXPECTED = { category: "Gizmo", revenue: 184302.55, months: ["2023-11", "2023-12"], note: null };

export function taskDetail(id) {
  const position = ids.indexOf(id);
  if (position === -1) return undefined;
  return {
    task: {
      id,
      task: INSTRUCTIONS[position % INSTRUCTIONS.length],
      answer: EXPECTED,
      environment: "superset",
      start_path: "/sqllab",
      verifier: {
        decimals: 2,
        tolerance: null,
        normalize: ["case", "space"],
        order: null,
        alternatives: [],
        partial_credit: true,
        fields: { months: { decimals: null, tolerance: null, normalize: null, order: "any", alternatives: [] } },
        state: [
          { name: "the query was saved", database: "metadata", sql: "select 1", expect: [{ label: "late invoices" }] },
        ],
      },
      solution: [],
      limits: { steps: 50, seconds: 600 },
      tags: ["retrieval", "sql-lab"],
    },
    version: "3f9a1c52be07d481",
    counts: countsOf(position),
    interval: intervalOf(countsOf(position)),
    created_at: AGO(90000),
    updated_at: AGO(9000),
  };
}

export const models = [
  {
    id: "gemini-3.5-flash",
    agent: "gemini",
    context: 1_000_000,
    tool: null,
    prices: { input: 0.5, output: 3, cached: 0.05, long: null },
  },
];

export const agents = [
  {
    name: "oracle",
    title: "Oracle",
    description: "Performs the task's own solution and answers with what it reads.",
    unavailable: null,
  },
  { name: "noop", title: "Noop", description: "Does nothing and gives no answer.", unavailable: null },
  {
    name: "gemini",
    title: "Gemini",
    description: "Google's computer-use model.",
    unavailable: "Set GEMINI_API_KEY to use it.",
  },
];

const evidence = (path, expected, got, verdict, note = "") => ({ path, expected, got, verdict, note });

const RIGHT = {
  reward: 1,
  success: true,
  parsed: EXPECTED,
  reason: "All 4 fields match.",
  evidence: [
    evidence("category", "Gizmo", "Gizmo", "match"),
    evidence("revenue", 184302.55, 184302.55, "match"),
    evidence("months", ["2023-11", "2023-12"], ["2023-12", "2023-11"], "match", "order does not count"),
    evidence("state: the query was saved", [{ label: "late invoices" }], [{ label: "late invoices" }], "match"),
  ],
};

const WRONG = {
  reward: 0.4,
  success: false,
  parsed: { category: "Gizmo", revenue: 18430.25, comment: "<img src=x onerror=alert(1)>" },
  reason: "2 of 5 checks match; the first that does not is revenue: expected 184302.55, got 18430.25.",
  evidence: [
    evidence("category", "Gizmo", "Gizmo", "match"),
    evidence("revenue", 184302.55, 18430.25, "mismatch", "differs by 165872.3"),
    evidence("months", ["2023-11", "2023-12"], null, "missing"),
    evidence("comment", null, "<img src=x onerror=alert(1)>", "unexpected"),
    evidence("state: the query was saved", [{ label: "late invoices" }], [{ label: "late invoices" }], "match"),
  ],
};

const WORKERS = ["01jd5w8a000000000000000wk1", "01jd5w8a000000000000000wk2"];
const TEMPLATE = "9d41f6c2ab03e571895c20d7b1f4a6e3";
const BATCHES = [0, 1, 2, 3, 4].map((number) => `01JD5W8B${number}ZB7N3RXV4M0000000`.slice(0, 26).toLowerCase());

const TIMINGS = [
  ["provision", 0.21],
  ["browser", 0.34],
  ["agent", 27.6],
  ["verify", 0.08],
  ["teardown", 0.12],
].map(([phase, seconds]) => ({ phase, seconds }));

const rolloutId = (number) => `01jd5w8kq2${String(number).padStart(4, "0")}zb7n3rxv4m00`;

function rollout(number, fields) {
  const id = rolloutId(number);
  return {
    id,
    batch_id: BATCHES[number < 10 ? 0 : 1],
    task_id: ids[0],
    task_version: "3f9a1c52be07d481",
    agent: "oracle",
    model: null,
    parameters: {},
    seed: number % 5,
    attempt: 1,
    retries_left: 2,
    worker_id: WORKERS[number % 2],
    template: TEMPLATE,
    stop_reason: null,
    success: null,
    reward: null,
    answer_text: null,
    expected: EXPECTED,
    verdict: null,
    errors: [],
    timings: [],
    steps: 0,
    tokens: 0,
    cost: null,
    reused_from: null,
    origin: null,
    seconds: null,
    cancel_requested: false,
    video_url: null,
    created_at: AGO(number * 47 + 3),
    started_at: AGO(number * 47 + 2),
    finished_at: null,
    ...fields,
    ...(fields.video ? { video_url: `/api/rollouts/${id}/video` } : {}),
  };
}

const completed = (verdict) => ({
  status: "completed",
  stop_reason: "answered",
  success: verdict.success,
  reward: verdict.reward,
  verdict,
  video: true,
  steps: 9,
  seconds: 28.4,
  finished_at: AGO(5),
  timings: TIMINGS,
  answer_text: `I looked at the orders.\n\n\`\`\`json\n${JSON.stringify(verdict.parsed, null, 2)}\n\`\`\``,
});

const FAILURE = {
  status: "failed",
  steps: 3,
  seconds: 12.2,
  finished_at: AGO(5),
  timings: TIMINGS.slice(0, 3),
  agent: "gemini",
  model: "gemini-2.5-computer-use-preview",
  parameters: { temperature: 0 },
  tokens: 48211,
  attempt: 3,
  retries_left: 0,
  errors: [
    {
      phase: "agent",
      kind: "BrowserError",
      message: "The page crashed (Chromium says: Target closed). Start the rollout again.\nat step 3",
      retryable: true,
    },
    {
      phase: "teardown",
      kind: "EnvironmentFailure",
      message: "The environment's database could not be dropped: it is in use.",
      retryable: true,
    },
  ],
};

export function rollouts() {
  const first = [
    rollout(0, { status: "pending", started_at: null }),
    rollout(1, { status: "provisioning" }),
    rollout(2, { status: "running", steps: 4 }),
    rollout(3, { status: "verifying", steps: 9 }),
    rollout(4, completed(RIGHT)),
    rollout(5, {
      ...completed(WRONG),
      agent: "gemini",
      model: "gemini-2.5-computer-use-preview",
      tokens: 38211,
      cost: 0.0378,
    }),
    rollout(6, FAILURE),
    rollout(7, { status: "cancelled", seconds: 4.1, steps: 1, finished_at: AGO(1) }),
    rollout(8, {
      ...completed({
        ...WRONG,
        reward: 0,
        parsed: null,
        evidence: [],
        reason: "No JSON was found in the agent's text.",
      }),
      stop_reason: "step_limit",
      agent: "noop",
    }),
    rollout(9, { status: "running", steps: 2, cancel_requested: true }),
    rollout(36, { status: "pending", started_at: null, attempt: 2, retries_left: 1 }),
    rollout(37, { status: "running", steps: 5, attempt: 2, retries_left: 1 }),
    rollout(38, { ...completed(RIGHT), video: false, steps: 0, timings: [], reused_from: rolloutId(4) }),
    rollout(39, { ...completed(WRONG), video: false, steps: 0, timings: [], reused_from: rolloutId(999) }),
  ];
  const older = Array.from({ length: 26 }, (_unused, position) =>
    rollout(position + 10, { ...completed(position % 4 === 1 ? WRONG : RIGHT), task_id: ids[position % 5] }),
  );
  return [...first, ...older];
}

export function rolloutDetail(id) {
  const all = rollouts();
  const found = all.find((each) => each.id === id);
  return found && { ...found, origin: all.find((each) => each.id === found.reused_from) ?? null };
}

/** The attempts of a rollout: the first failed with its environment, a second was stopped with its worker. */
export function attempts(id) {
  const found = rollouts().find((each) => each.id === id);
  if (found === undefined) return undefined;
  const earlier = Array.from({ length: found.attempt - 1 }, (_unused, position) => ({
    number: position + 1,
    present: false,
    worker_id: WORKERS[position % 2],
    errors:
      position === 0
        ? [
            {
              phase: "agent",
              kind: "EnvironmentFailure",
              message:
                "The environment's web server ended (signal 9). It was not the agent's doing: the rollout is tried again.",
              retryable: true,
            },
          ]
        : [],
    timings: TIMINGS.slice(0, 3),
    steps: 3 - position,
    tokens: 9200,
    cost: null,
    video_url: position === 0 ? `/api/rollouts/${id}/video?attempt=1` : null,
    started_at: AGO(900),
    ended_at: AGO(860),
  }));
  const { attempt, worker_id, errors, timings, steps: count, tokens, cost, video_url, started_at, finished_at } = found;
  const present = {
    worker_id,
    errors,
    timings,
    steps: count,
    tokens,
    cost,
    video_url,
    started_at,
    ended_at: finished_at,
  };
  return [...earlier, { number: attempt, present: true, ...present }];
}

const batchCounts = (fields) => {
  const counts = {
    total: 0,
    live: 0,
    claimed: 0,
    completed: 0,
    succeeded: 0,
    reused: 0,
    failed: 0,
    retryable: 0,
    cancelled: 0,
    ...fields,
  };
  return {
    ...counts,
    left_out: counts.failed + counts.cancelled,
    success_rate: counts.completed ? counts.succeeded / counts.completed : null,
  };
};

function batch(number, { counts: fields, ...more }) {
  const counts = batchCounts(fields);
  return {
    id: BATCHES[number],
    name: null,
    tags: [],
    priority: 0,
    agents: [{ agent: "oracle", model: null, parameters: {} }],
    tasks: ids.length,
    repeats: 1,
    limits: {},
    budget: { cost: 20 },
    budget_spent: false,
    tokens: 812_000,
    cost: 3.41,
    max_attempts: 3,
    reuse: false,
    paused: false,
    counts,
    progress: 1 - counts.live / counts.total,
    mean_seconds: 31.4,
    eta_seconds: counts.live === 0 ? 0 : null,
    created_at: AGO(number * 5400 + 700),
    finished_at: counts.live === 0 ? AGO(number * 5000) : null,
    ...more,
  };
}

export const batches = () => [
  batch(0, {
    name: "Nightly, both models",
    tags: ["nightly", "main"],
    priority: 5,
    agents: [
      { agent: "gemini", model: "gemini-2.5-computer-use-preview", parameters: { temperature: 0 } },
      { agent: "openai", model: "computer-use-preview", parameters: {} },
      { agent: "oracle", model: null, parameters: {} },
    ],
    tasks: 120,
    repeats: 10,
    limits: { steps: 40, tokens: 400_000, agent_seconds: 300, total_seconds: 600 },
    reuse: true,
    counts: {
      total: 3600,
      live: 1310,
      claimed: 16,
      completed: 2180,
      succeeded: 1544,
      reused: 212,
      failed: 96,
      retryable: 61,
      cancelled: 14,
    },
    eta_seconds: 2571,
  }),
  batch(1, { counts: { total: 14, live: 14 }, mean_seconds: null }),
  batch(2, { name: "Paused over lunch", paused: true, counts: { total: 140, live: 92, completed: 48, succeeded: 31 } }),
  batch(3, {
    name: "a-batch-with-quite-a-long-name-without-any-space-that-does-not-fit-a-narrow-screen-<b>at all</b>",
    counts: { total: 28, completed: 21, succeeded: 20, failed: 4, retryable: 3, cancelled: 3 },
  }),
  batch(4, { tags: ["smoke"], counts: { total: 14, completed: 14, succeeded: 14 } }),
];

const worker = (number, { report, ...fields }) => ({
  id: `01jd5w8a0${number}zb7n3rxv4m000000`,
  host: "bench-1.example",
  pid: 41200 + number,
  version: "0.1.0",
  state: "working",
  alive: true,
  report: {
    parallel: 8,
    running: 6,
    blocked: null,
    pool: { ready: 5, hits: 412, misses: 9, discarded: 3 },
    reaped: 2,
    ...report,
  },
  started_at: AGO(9200 - number * 60),
  seen_at: AGO(2),
  ...fields,
});

export const workers = () => [
  worker(1, { state: "lost", alive: false, seen_at: AGO(4300), report: { running: 0 } }),
  worker(2, { state: "stopped", alive: false, seen_at: AGO(7000), report: { running: 0 } }),
  worker(3, { report: {} }),
  worker(4, {
    host: "a-host-with-a-long-name.department.example",
    report: {
      running: 0,
      pool: { ready: 0, hits: 0, misses: 0, discarded: 0 },
      blocked: "only 1.2 GB are free on the disk of the artifacts; at least 2 GB are kept for records",
    },
  }),
  worker(5, { state: "draining", report: { running: 2 } }),
];

export const quotas = [
  { name: "gemini-2.5-computer-use-preview", max_running: 8, requests_per_minute: 150 },
  { name: "noop", max_running: 0, requests_per_minute: null },
];

export const batchProblem = {
  type: "about:blank",
  title: "Unprocessable Content",
  status: 422,
  detail: "The agent 'gemini' cannot be used here",
  errors: [
    { field: "agents.0", message: "Set GEMINI_API_KEY to use it.", index: null, item_id: null },
    {
      field: "limits",
      message: "Value error, agent_seconds (300) is more than total_seconds (60) allows",
      index: null,
      item_id: null,
    },
    { field: "task_ids", message: "oracle: it has no solution", index: 3, item_id: "save-query-late-invoices" },
  ],
};

const ACTIONS = [
  [{ kind: "navigate", url: "/sqllab" }],
  [{ kind: "click", x: 402, y: 260, button: "left", count: 1, held: "" }],
  [
    {
      kind: "type",
      text: "SELECT category, sum(total) AS revenue FROM orders WHERE created_at >= '2023-01-01' GROUP BY 1 ORDER BY 2 DESC",
    },
  ],
  [
    { kind: "key", keys: "Control+Enter" },
    { kind: "wait", seconds: 1.5 },
  ],
  [{ kind: "scroll", x: 700, y: 560, dx: 0, dy: 400, held: "" }],
  [
    {
      kind: "drag",
      path: [
        [300, 320],
        [520, 420],
        [820, 610],
      ],
    },
  ],
  [{ kind: "click", x: 960, y: 610, button: "left", count: 2, held: "" }],
  [{ kind: "click", x: 1210, y: 86, button: "right", count: 1, held: "" }],
  [],
];

export const steps = (id, attempt) =>
  ACTIONS.slice(0, attempts(id)?.find(({ number }) => number === attempt)?.steps ?? 0).map((actions, index) => ({
    index,
    offset: index * 2.4,
    url: `http://127.0.0.1:41233/sqllab/?tab=${index}`,
    screenshot_url: `/api/rollouts/${id}/steps/${index}/screenshot`,
    notice: index === 5 ? "“orders.csv” was downloaded (1,204 bytes)." : null,
    prompt: index === 0 ? `You act in a browser.\n\n${INSTRUCTIONS[0]}` : null,
    message:
      index % 3 === 0
        ? "I will open SQL Lab and look at the orders by category; the sum of their totals is the revenue."
        : "",
    thoughts: index % 2 === 0 ? "The editor is empty. I should write the query first, then run it." : "",
    confirmations:
      index === 4
        ? [{ action: "click", concern: "it submits a form <script>alert(1)</script>", decision: "allowed_by_policy" }]
        : [],
    actions: actions.map((action) => ({ action, error: index === 6 ? "the point is outside the page" : null })),
    wait_seconds: 0.12 + (index % 3) * 0.2,
    agent_seconds: 1.33,
    action_seconds: 0.31,
    usage: {
      input_tokens: 3120 + index * 410,
      output_tokens: 214,
      cached_tokens: index * 300,
      thinking_tokens: 120,
      cost: 0.0042,
      requests: 1,
      retries: index === 2 ? 1 : 0,
      model_seconds: 1.21,
      waited_seconds: index === 2 ? 0.4 : 0,
    },
    at: AGO(60 - index),
  }));

const line = (index) =>
  index % 7 === 3
    ? `20:41:0${index % 10}.120 error: Uncaught TypeError: x is undefined <script>alert(1)</script>`
    : `20:41:0${index % 10}.120 log: \u001b[32mready\u001b[0m \u202eabc\u202c 🙂 line ${index}`;

export const logs = [
  { source: "worker", name: "worker", text: 'level=info event="phase ended" phase=provision seconds=0.41' },
  { source: "console", name: "console", text: Array.from({ length: 900 }, (_unused, index) => line(index)).join("\n") },
  { source: "network", name: "network", text: "20:41:00.000 GET /sqllab/ → 200, 48213 bytes after 31 ms" },
  { source: "service", name: "web", text: "\u001b[1mserving\u001b[0m" },
];

export const screenshot = (
  index,
) => `<svg xmlns="http://www.w3.org/2000/svg" width="1440" height="900" font-family="sans-serif">
<rect width="1440" height="900" fill="#f7f7f8"/><rect width="1440" height="56" fill="#fff"/><rect x="0" y="56" width="240" height="844" fill="#eef1f5"/>
<text x="30" y="36" font-size="20" fill="#20a7c9">Application, step ${index + 1}</text><rect x="264" y="80" width="1140" height="300" rx="6" fill="#fff" stroke="#ddd"/>
${[0, 1, 2, 3, 4, 5, 6].map((row) => `<rect x="264" y="${410 + row * 60}" width="1140" height="50" fill="${row % 2 ? "#fff" : "#f0f4f8"}"/><text x="290" y="${442 + row * 60}" font-size="18" fill="#444">Row ${row + 1}: Gizmo, ${(184302.55 / (row + 1)).toFixed(2)}</text>`).join("")}</svg>`;

export const uploadProblem = {
  type: "about:blank",
  title: "Unprocessable Content",
  status: 422,
  detail: "The file has 3 problems",
  errors: [
    {
      field: "answer",
      message: "is a string that holds no JSON: Expecting value: line 1 column 1 (char 0)",
      index: 3,
      item_id: "save-query-late-invoices",
    },
    {
      field: "id",
      message: "is the same as that of task 2; ids are unique in a file",
      index: 7,
      item_id: "chart-revenue-by-month",
    },
    {
      field: "verifier.fields.total.decimals",
      message: "Input should be less than or equal to 15",
      index: 11,
      item_id: null,
    },
  ],
};
