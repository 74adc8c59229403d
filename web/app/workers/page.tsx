import { WorkersScreen } from "@/features/workers/WorkersScreen";

export default function Page() {
  return <WorkersScreen />;
}
