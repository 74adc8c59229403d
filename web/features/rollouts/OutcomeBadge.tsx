import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconX } from "@tabler/icons-react";
import type { Rollout } from "@/api/types";
import { LiveDot } from "@/components/LiveDot";
import { outcomeOf, type Tone } from "./outcome";
import { ToneBadge } from "./ToneBadge";

/** What a rollout came to: told by shape and word as much as by colour. */
export function OutcomeBadge({ rollout }: { rollout: Pick<Rollout, "status" | "success" | "cancel_requested"> }) {
  const outcome = outcomeOf(rollout);
  return <ToneBadge {...outcome} icon={<ToneIcon tone={outcome.tone} />} />;
}

function ToneIcon({ tone }: { tone: Tone }) {
  const icon = { size: 13, stroke: 2.4, "aria-hidden": true } as const;
  switch (tone) {
    case "live":
      return <LiveDot />;
    case "success":
      return <IconCheck {...icon} />;
    case "wrong":
      return <IconX {...icon} />;
    case "failed":
      return <IconAlertTriangle {...icon} />;
    case "cancelled":
      return <IconBan {...icon} />;
    case "waiting":
      return <IconClock {...icon} />;
  }
}
