"use client";

import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { Refresher } from "@/api/refresh";
import { type Link, Stream } from "@/api/stream";
import { notifyEnds } from "./notifyEnds";

const StreamContext = createContext<Stream | null>(null);

/** Keeps what the pages show true: whatever the server tells of is asked for again. Nothing is polled. */
export function StreamProvider({ children, stream: given }: { children: ReactNode; stream?: Stream }) {
  const [stream] = useState(() => given ?? new Stream());
  const queries = useQueryClient();
  useEffect(() => {
    const refresher = new Refresher((queryKey) => void queries.invalidateQueries({ queryKey }));
    const ends = [
      stream.subscribe("changes"),
      stream.listen((events) => refresher.add(events)),
      stream.listen(notifyEnds),
      stream.onTick(() => void queries.invalidateQueries({ queryKey: ["workers"] })), // how busy they are, when they were seen
      stream.onLink(() => {
        if (stream.link.open) void queries.invalidateQueries();
      }),
    ];
    stream.start();
    return () => {
      stream.stop();
      refresher.stop();
      for (const end of ends) end();
    };
  }, [stream, queries]);
  return <StreamContext value={stream}>{children}</StreamContext>;
}

/** The stream, null where a component stands alone. */
export function useStream(): Stream | null {
  return useContext(StreamContext);
}

/** Has the steps of a rollout told, too. */
export function useRolloutEvents(id: string): void {
  const stream = useStream();
  useEffect(() => (id === "" ? undefined : stream?.subscribe(`rollout:${id}`)), [stream, id]);
}

const NO_LINK: Link = { open: false, lostSince: null };

export function useLink(): Link {
  const stream = useStream();
  return useSyncExternalStore(
    (changed) => stream?.onLink(changed) ?? (() => {}),
    () => stream?.link ?? NO_LINK,
    () => NO_LINK,
  );
}
