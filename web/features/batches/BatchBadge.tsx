import { IconClock, IconFlag, IconPlayerPause } from "@tabler/icons-react";
import type { Batch } from "@/api/types";
import { LiveDot } from "@/components/LiveDot";
import { ToneBadge } from "@/features/rollouts/ToneBadge";
import { batchState } from "./batch";

const ICON = { size: 13, stroke: 2.2, "aria-hidden": true } as const;

const ICONS = {
  ended: <IconFlag {...ICON} />,
  paused: <IconPlayerPause {...ICON} />,
  running: <LiveDot />,
  waiting: <IconClock {...ICON} />,
};

export function BatchBadge({ batch }: { batch: Pick<Batch, "paused" | "counts"> }) {
  const { name, ...state } = batchState(batch);
  return <ToneBadge {...state} icon={ICONS[name]} />;
}
