import { BatchesScreen } from "@/features/batches/BatchesScreen";

export default function Page() {
  return <BatchesScreen />;
}
