import { RolloutsScreen } from "@/features/rollouts/table/RolloutsScreen";

export default function Page() {
  return <RolloutsScreen />;
}
