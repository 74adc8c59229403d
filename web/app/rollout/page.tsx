import { RolloutScreen } from "@/features/rollout/RolloutScreen";

export default function Page() {
  return <RolloutScreen />;
}
