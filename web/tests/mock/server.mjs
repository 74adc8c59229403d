// Stands for Rolldeck's server while a page is being designed: the built dashboard (`out/`) under the server's own content security
// policy, and an API with a little of everything that pages must be able to show. It keeps nothing and runs nothing.
//
//   npm run build && npm run mock [-- --port 8100] [--empty] [--video FILE.mp4]
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import { agents, rollouts, screenshot, steps, taskDetail, tasks, uploadProblem } from "./data.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "8100" },
    empty: { type: "boolean", default: false },
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
      json(response, { status: "ok", version: "0.1.0", database: "ok", live_rollouts: options.empty ? 0 : 4 }),
  ],
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
  ["POST", /^\/api\/rollouts$/, (_request, response) => json(response, { rollouts: rollouts().slice(0, 1) }, 201)],
  [
    "GET",
    /^\/api\/rollouts$/,
    (_request, response, _id, query) => {
      const task = query.get("task_id");
      const found = options.empty ? [] : rollouts().filter((rollout) => task === null || rollout.task_id === task);
      json(response, { rollouts: found.slice(0, 30), next: found.length > 30 ? "more" : null });
    },
  ],
  [
    "GET",
    /^\/api\/rollouts\/([^/]+)$/,
    (_request, response, id) => {
      const rollout = rollouts().find((each) => each.id === id);
      return rollout ? json(response, rollout) : missing(response);
    },
  ],
  [
    "POST",
    /^\/api\/rollouts\/([^/]+)\/cancel$/,
    (_request, response, id) => json(response, { id, outcome: "cancelling", freed_bytes: 0 }),
  ],
  [
    "DELETE",
    /^\/api\/rollouts\/([^/]+)$/,
    (_request, response, id) => json(response, { id, outcome: "deleted", freed_bytes: 1 }),
  ],
  ["GET", /^\/api\/rollouts\/([^/]+)\/steps$/, (_request, response, id) => json(response, { steps: steps(id) })],
  [
    "GET",
    /^\/api\/rollouts\/[^/]+\/steps\/(\d+)\/screenshot$/,
    (_request, response, index) =>
      response.writeHead(200, { "content-type": TYPES[".svg"] }).end(screenshot(Number(index))),
  ],
  ["GET", /^\/api\/rollouts\/[^/]+\/video$/, serveVideo],
];

createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const path = decodeURIComponent(url.pathname);
  for (const [method, pattern, handle] of ROUTES) {
    const match = method === request.method && pattern.exec(path);
    if (match) return handle(request, response, match[1], url.searchParams);
  }
  return path.startsWith("/api/") ? missing(response) : servePage(path, response);
}).listen(Number(options.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${options.port}/`));
