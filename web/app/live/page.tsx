import { LiveScreen } from "@/features/live/LiveScreen";

export default function LivePage() {
  return <LiveScreen />;
}
