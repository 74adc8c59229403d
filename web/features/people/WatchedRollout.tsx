"use client";

import dynamic from "next/dynamic";
import { parseAsString, useQueryState } from "nuqs";

const Desk = dynamic(() => import("./Desk"), { ssr: false });

/** The enlarged rollout of a page's address: `?watch=ID`. */
export function WatchedRollout() {
  const [id, setId] = useQueryState("watch", parseAsString.withOptions({ history: "push" }));
  if (id === null) return null;
  return <Desk key={id} rolloutId={id} onClose={() => setId(null)} />;
}
