/**
 * The server's stream: one WebSocket for events as they happen and live frames (docs/events.md). It is opened again when it is
 * lost, where its last event was, so that nothing is missed.
 */
import type { StreamEvent } from "./types";

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
const SILENCE_MS = 12_000; // the server says something every 5 s: longer silence is a connection that died without a word
const ID_LENGTH = 26; // of a rollout, in front of each frame

/** Whoever shows a rollout's live picture. The next frame is sent when `show` is done with the one before. */
export type Viewer = {
  show: (jpeg: Blob) => Promise<void>;
  /** Whether a picture arrives; if not, why. */
  told: (live: boolean, reason: string | null) => void;
};

/** `since`: when the connection was lost, in milliseconds of the epoch; null while it stands or was never tried. */
export type Link = { open: boolean; lostSince: number | null };

type Message =
  | { type: "events"; events: StreamEvent[] }
  | { type: "frames"; rollout_id: string; live: boolean; reason: string | null }
  | { type: "subscribed" | "tick" | "problem" };

export class Stream {
  #open: (address: string) => WebSocket;
  #socket: WebSocket | null = null;
  #last: number | null = null;
  #pause = FIRST_PAUSE_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #topics = new Map<string, number>();
  #listeners = new Set<(events: readonly StreamEvent[]) => void>();
  #onTick = new Set<() => void>();
  #viewers = new Map<string, Set<Viewer>>();
  #onLink = new Set<() => void>();
  #link: Link = { open: false, lostSince: null };

  constructor(open: (address: string) => WebSocket = (address) => new WebSocket(address)) {
    this.#open = open;
  }

  /** Whether the server is heard. The same object until that changes. */
  get link(): Link {
    return this.#link;
  }

  onLink(changed: () => void): () => void {
    this.#onLink.add(changed);
    return () => this.#onLink.delete(changed);
  }

  start(): void {
    this.#ended = false;
    this.#connect();
  }

  stop(): void {
    this.#ended = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Hears all events of the topics that anybody has subscribed to. */
  listen(listener: (events: readonly StreamEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back every few seconds while the server is heard: for what changes all the time and is no event. */
  onTick(tick: () => void): () => void {
    this.#onTick.add(tick);
    return () => this.#onTick.delete(tick);
  }

  subscribe(topic: string): () => void {
    const count = this.#topics.get(topic) ?? 0;
    this.#topics.set(topic, count + 1);
    if (count === 0) this.#say({ type: "subscribe", topic });
    return () => this.#unsubscribe(topic);
  }

  /** Shows a rollout's live frames until the function that is returned is called. */
  watch(rolloutId: string, viewer: Viewer): () => void {
    const viewers = this.#viewers.get(rolloutId) ?? new Set();
    this.#viewers.set(rolloutId, viewers.add(viewer));
    const unsubscribe = this.subscribe(`frames:${rolloutId}`);
    return () => {
      viewers.delete(viewer);
      if (viewers.size === 0) this.#viewers.delete(rolloutId);
      unsubscribe();
    };
  }

  #unsubscribe(topic: string): void {
    const left = (this.#topics.get(topic) ?? 1) - 1;
    if (left > 0) {
      this.#topics.set(topic, left);
    } else {
      this.#topics.delete(topic);
      this.#say({ type: "unsubscribe", topic });
    }
  }

  #connect(): void {
    const asked = [...this.#topics.keys()];
    const query = new URLSearchParams(asked.map((topic) => ["topic", topic]));
    if (this.#last !== null) query.set("after", String(this.#last));
    const socket = this.#open(`/api/stream?${query}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#pause = FIRST_PAUSE_MS;
      for (const topic of this.#topics.keys()) if (!asked.includes(topic)) this.#say({ type: "subscribe", topic });
      this.#heard();
      this.#setLink({ open: true, lostSince: null });
    };
    socket.onmessage = ({ data }) => {
      this.#heard();
      if (typeof data === "string") this.#told(JSON.parse(data));
      else void this.#show(data);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost(opened);
    };
  }

  #lost(opened: boolean): void {
    this.#socket = null;
    clearTimeout(this.#silence);
    if (this.#ended) return;
    // Refused where it was: the server may have another database now, whose events have other numbers.
    if (!opened) this.#last = null;
    this.#setLink({ open: false, lostSince: this.#link.lostSince ?? Date.now() });
    this.#retry = setTimeout(() => this.#connect(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
  }

  #heard(): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#silence = setTimeout(() => {
      if (socket === null || this.#socket !== socket) return;
      this.#lost(true); // without waiting for the other end to agree
      socket.close();
    }, SILENCE_MS);
  }

  #told(message: Message): void {
    if (message.type === "events") {
      this.#last = message.events.at(-1)?.seq ?? this.#last;
      for (const listener of this.#listeners) listener(message.events);
    } else if (message.type === "tick") {
      for (const tick of this.#onTick) tick();
    } else if (message.type === "frames") {
      for (const viewer of this.#viewers.get(message.rollout_id) ?? []) viewer.told(message.live, message.reason);
    }
  }

  async #show(message: ArrayBuffer): Promise<void> {
    const rolloutId = new TextDecoder().decode(message.slice(0, ID_LENGTH));
    const jpeg = new Blob([message.slice(ID_LENGTH)], { type: "image/jpeg" });
    await Promise.allSettled([...(this.#viewers.get(rolloutId) ?? [])].map((viewer) => viewer.show(jpeg)));
    this.#say({ type: "ack", rollout_id: rolloutId });
  }

  #say(message: Record<string, string>): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #setLink(link: Link): void {
    if (link.open === this.#link.open && link.lostSince === this.#link.lostSince) return;
    this.#link = link;
    for (const changed of this.#onLink) changed();
  }
}
