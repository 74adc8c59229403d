// Stands for Rolldeck's server while a page is being designed: the built dashboard (`out/`) under the server's own content security
// policy, and an API with a little of everything that pages must be able to show. It keeps nothing and runs nothing.
//
//   npm run build && npm run mock [-- --port 8100] [--empty] [--blocked] [--refuse] [--video FILE.mp4]
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import {
  agents,
  attempts,
  batches,
  batchProblem,
  logs,
  models,
  quotas,
  rolloutDetail,
  rollouts,
  screenshot,
  steps,
  taskDetail,
  tasks,
  uploadProblem,
  workers,
} from "./data.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "8100" },
    empty: { type: "boolean", default: false },
    blocked: { type: "boolean", default: false }, // nobody claims anything
    refuse: { type: "boolean", default: false }, // no batch is accepted
    video: { type: "string" },
  },
});

const EXPORT = join(import.meta.dirname, "../../out");
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain",
  ".json": "application/json",
};

function policyFor(html) {
  const scripts = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  const hashes = scripts.map(([, body]) => `'sha256-${createHash("sha256").update(body).digest("base64")}'`);
  return [
    "default-src 'self'",
    `script-src 'self' ${hashes.join(" ")}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
  ].join("; ");
}

function servePage(path, response) {
  const file = normalize(join(EXPORT, path.endsWith("/") ? `${path}index.html` : path));
  if (!file.startsWith(EXPORT) || !existsSync(file) || statSync(file).isDirectory()) {
    response.writeHead(404, { "content-type": TYPES[".html"] }).end(readFileSync(join(EXPORT, "404.html")));
    return;
  }
  const body = readFileSync(file);
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  const policy = type === TYPES[".html"] ? { "content-security-policy": policyFor(body.toString()) } : {};
  response.writeHead(200, { "content-type": type, ...policy }).end(body);
}

function json(response, body, status = 200) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type }).end(JSON.stringify(body));
}

const missing = (response) =>
  json(
    response,
    { type: "about:blank", title: "Not Found", status: 404, detail: "There is no such thing", errors: [] },
    404,
  );

const found = (response, body) => (body ? json(response, body) : missing(response));

const batchOf = (id) => batches().find((batch) => batch.id === id);

/** Whether a rollout has all that a list is narrowed to. */
function matches(rollout, query) {
  const wanted = (name) => query.get(name);
  const same = (name, field = name) => wanted(name) === null || String(rollout[field]) === wanted(name);
  const statuses = query.getAll("status");
  const text = (wanted("q") ?? "").toLowerCase();
  return (
    ["task_id", "batch_id", "agent", "model", "success"].every((name) => same(name)) &&
    (statuses.length === 0 || statuses.includes(rollout.status)) &&
    (wanted("error") === null || (rollout.status === "failed" && rollout.errors[0]?.kind === wanted("error"))) &&
    JSON.stringify([rollout.task_id, rollout.answer_text, rollout.errors]).toLowerCase().includes(text)
  );
}

function serveVideo(request, response) {
  if (options.video === undefined) return missing(response);
  const { size } = statSync(options.video);
  const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from);
  const end = to === "" ? size - 1 : Number(to);
  response.writeHead(206, {
    "content-type": "video/mp4",
    "accept-ranges": "bytes",
    "content-length": end - start + 1,
    "content-range": `bytes ${start}-${end}/${size}`,
  });
  createReadStream(options.video, { start, end }).pipe(response);
}

const ROUTES = [
  [
    "GET",
    /^\/health$/,
    (_request, response) =>
      json(response, {
        status: "ok",
        version: "0.1.0",
        database: "ok",
        live_rollouts: options.empty ? 0 : 1416,
        workers: 3,
        claiming: !options.blocked,
        blocked: options.blocked
          ? ["only 1.2 GB are free on the disk of the artifacts", "the quota of noop allows no rollouts"]
          : [],
      }),
  ],
  ["GET", /^\/api\/models$/, (_request, response) => json(response, models)],
  ["GET", /^\/api\/agents$/, (_request, response) => json(response, agents)],
  ["POST", /^\/api\/tasks\/upload$/, (_request, response) => json(response, uploadProblem, 422)],
  [
    "GET",
    /^\/api\/tasks$/,
    (_request, response) => json(response, { tasks: options.empty ? [] : tasks(), next: null }),
  ],
  [
    "GET",
    /^\/api\/tasks\/(.+)$/,
    (_request, response, id) => {
      const task = taskDetail(id);
      return task ? json(response, task) : missing(response);
    },
  ],
  [
    "GET",
    /^\/api\/batches$/,
    (_request, response, _id, query) => {
      const live = query.get("live");
      const found = options.empty
        ? []
        : batches().filter(({ counts }) => live === null || live === `${counts.live > 0}`);
      json(response, { batches: found, next: null });
    },
  ],
  [
    "POST",
    /^\/api\/batches$/,
    (_request, response) => (options.refuse ? json(response, batchProblem, 422) : json(response, batches()[1], 201)),
  ],
  ["GET", /^\/api\/batches\/([^/]+)$/, (_request, response, id) => found(response, batchOf(id))],
  ["PATCH", /^\/api\/batches\/([^/]+)$/, (_request, response, id) => found(response, batchOf(id))],
  [
    "DELETE",
    /^\/api\/batches\/([^/]+)$/,
    (_request, response, id) =>
      json(response, { id, rollouts: 28, attempts: 33, steps: 412, freed_bytes: 1_340_000_000 }),
  ],
  [
    "POST",
    /^\/api\/batches\/([^/]+)\/(?:cancel|retry)$/,
    (_request, response, id) => json(response, { batch: batchOf(id), rollouts: 61 }),
  ],
  ["GET", /^\/api\/workers$/, (_request, response) => json(response, { workers: options.empty ? [] : workers() })],
  ["GET", /^\/api\/quotas$/, (_request, response) => json(response, { quotas: options.empty ? [] : quotas })],
  ["PUT", /^\/api\/quotas\/(.+)$/, (_request, response) => json(response, quotas[0])],
  ["DELETE", /^\/api\/quotas\/(.+)$/, (_request, response) => json(response, quotas[0])],
  [
    "GET",
    /^\/api\/rollouts$/,
    (_request, response, _id, query) => {
      const matching = options.empty ? [] : rollouts().filter((rollout) => matches(rollout, query));
      const start = Number(query.get("after") ?? 0);
      const page = matching.slice(start, start + Number(query.get("limit") ?? 50));
      const following = start + page.length;
      json(response, { rollouts: page, next: following < matching.length ? `${following}` : null, total: null });
    },
  ],
  ["GET", /^\/api\/rollouts\/([^/]+)$/, (_request, response, id) => found(response, rolloutDetail(id))],
  [
    "GET",
    /^\/api\/rollouts\/([^/]+)\/attempts$/,
    (_request, response, id) => found(response, attempts(id) && { attempts: attempts(id) }),
  ],
  [
    "POST",
    /^\/api\/rollouts\/([^/]+)\/cancel$/,
    (_request, response, id) => json(response, { id, outcome: "cancelling", attempts: 0, steps: 0, freed_bytes: 0 }),
  ],
  ["POST", /^\/api\/rollouts\/([^/]+)\/retry$/, (_request, response, id) => found(response, rolloutDetail(id))],
  [
    "DELETE",
    /^\/api\/rollouts\/([^/]+)$/,
    (_request, response, id) =>
      json(response, { id, outcome: "deleted", attempts: 2, steps: 14, freed_bytes: 3_200_000 }),
  ],
  [
    "GET",
    /^\/api\/rollouts\/([^/]+)\/steps$/,
    (_request, response, id, query) => {
      const attempt = Number(query.get("attempt") ?? rolloutDetail(id)?.attempt);
      json(response, { attempt, steps: steps(id, attempt) });
    },
  ],
  ["GET", /^\/api\/rollouts\/[^/]+\/logs$/, (_request, response) => json(response, { attempt: 1, logs })],
  [
    "GET",
    /^\/api\/rollouts\/[^/]+\/steps\/(\d+)\/screenshot$/,
    (_request, response, index) =>
      response.writeHead(200, { "content-type": TYPES[".svg"] }).end(screenshot(Number(index))),
  ],
  ["GET", /^\/api\/rollouts\/[^/]+\/video$/, serveVideo],
];

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const path = decodeURIComponent(url.pathname);
  for (const [method, pattern, handle] of ROUTES) {
    const match = method === request.method && pattern.exec(path);
    if (match) return handle(request, response, match[1], url.searchParams);
  }
  return path.startsWith("/api/") ? missing(response) : servePage(path, response);
});

// The stream, on which nothing happens: the page is connected, and hears that the server lives.
server.on("upgrade", (request, socket) => {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
  const tick = JSON.stringify({ type: "tick", last: 1 });
  const timer = setInterval(() => socket.write(Buffer.from([0x81, tick.length, ...Buffer.from(tick)])), 5000);
  for (const end of ["close", "error"]) socket.on(end, () => clearInterval(timer));
});

server.listen(Number(options.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${options.port}/`));
