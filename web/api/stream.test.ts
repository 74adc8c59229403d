import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream, type Viewer } from "./stream";
import type { StreamEvent } from "./types";

const ID = "01m8000000000000000000000a";

/** Stands for the browser's WebSocket: what the page says, and what the server would. */
class Socket {
  readyState = 0;
  binaryType = "";
  said: unknown[] = [];
  onopen = () => {};
  onmessage = (_: { data: unknown }) => {};
  onclose = () => {};
  constructor(public address: string) {}
  send(text: string) {
    this.said.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
    this.onclose();
  }
  accept() {
    this.readyState = 1;
    this.onopen();
  }
  tell(message: unknown) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  tellEvents(...numbers: number[]) {
    this.tell({ type: "events", events: numbers.map(event) });
  }
  tellFrame(content: string) {
    this.onmessage({ data: new TextEncoder().encode(ID + content).buffer });
  }
}

const event = (seq: number): StreamEvent => ({
  seq,
  at: "2026-11-22T12:00:00Z",
  kind: "worker.changed",
  batch_id: null,
  task_id: null,
  rollout_id: null,
  data: {},
});

let sockets: Socket[];

function started(): Stream {
  sockets = [];
  const stream = new Stream((address) => {
    const socket = new Socket(address);
    sockets.push(socket);
    return socket as unknown as WebSocket;
  });
  stream.subscribe("changes");
  stream.start();
  return stream;
}

const newest = () => sockets.at(-1) as Socket;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("asks for its topics with the connection, and for others once it stands", () => {
  const stream = started();
  expect(newest().address).toBe("/api/stream?topic=changes");
  const end = stream.subscribe(`rollout:${ID}`);
  const endAgain = stream.subscribe(`rollout:${ID}`);
  expect(newest().said).toEqual([]);
  newest().accept();
  end();
  expect(newest().said).toEqual([{ type: "subscribe", topic: `rollout:${ID}` }]);
  endAgain();
  expect(newest().said.at(-1)).toEqual({ type: "unsubscribe", topic: `rollout:${ID}` });
});

test("goes on after the last event when the connection is lost", () => {
  const stream = started();
  const heard: number[] = [];
  stream.listen((events) => heard.push(...events.map(({ seq }) => seq)));
  newest().accept();
  newest().tellEvents(7, 8);
  newest().close();
  expect(stream.link.open).toBe(false);
  vi.advanceTimersByTime(1000);
  expect(sockets).toHaveLength(2);
  expect(newest().address).toBe("/api/stream?topic=changes&after=8");
  newest().accept();
  newest().tellEvents(9);
  expect(stream.link.open).toBe(true);
  expect(heard).toEqual([7, 8, 9]);
});

test("begins anew where its place is refused: the server may have another database", () => {
  started();
  newest().accept();
  newest().tellEvents(8);
  newest().close();
  vi.advanceTimersByTime(1000);
  newest().close();
  vi.advanceTimersByTime(1000);
  expect(newest().address).toBe("/api/stream?topic=changes");
});

test("tries again less and less often, and says since when it is lost", () => {
  const stream = started();
  const lostAt = Date.now();
  newest().close();
  vi.advanceTimersByTime(60_000);
  const tries = sockets.length;
  expect(tries).toBe(2);
  for (let each = 0; each < 20; each++) {
    newest().close();
    vi.advanceTimersByTime(6500);
  }
  expect(sockets.length).toBe(tries + 20);
  expect(stream.link.lostSince).toBe(lostAt);
});

test("a connection that died without a word is opened again", () => {
  const stream = started();
  newest().accept();
  vi.advanceTimersByTime(5000);
  newest().tell({ type: "tick", last: 1 });
  vi.advanceTimersByTime(11_000);
  expect(stream.link.open).toBe(true);
  vi.advanceTimersByTime(2000);
  expect(sockets).toHaveLength(2);
});

test("nothing is opened again once it was stopped", () => {
  const stream = started();
  newest().accept();
  stream.stop();
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(1);
});

test("a frame is acknowledged when all who watch have shown it", async () => {
  vi.useRealTimers();
  const stream = started();
  newest().accept();
  const shown: string[] = [];
  let showed = () => {};
  const slow: Viewer = {
    told: (live, reason) => shown.push(`${live}: ${reason}`),
    show: (jpeg) =>
      new Promise((resolve) => {
        showed = resolve;
        shown.push(`${jpeg.size} ${jpeg.type}`);
      }),
  };
  const broken: Viewer = { told: () => {}, show: () => Promise.reject(new Error("no picture")) };
  const end = stream.watch(ID, slow);
  stream.watch(ID, broken);
  newest().tell({ type: "frames", rollout_id: ID, live: false, reason: "it waits" });
  newest().tellFrame("jpeg");
  const acknowledged = () => newest().said.filter((said) => (said as { type: string }).type === "ack");
  expect(shown).toEqual(["false: it waits", "4 image/jpeg"]);
  expect(acknowledged()).toEqual([]);
  showed();
  await vi.waitFor(() => expect(acknowledged()).toEqual([{ type: "ack", rollout_id: ID }]));
  end();
  expect(newest().said.at(-1)).not.toEqual({ type: "unsubscribe", topic: `frames:${ID}` });
});
