import { BatchScreen } from "@/features/batches/BatchScreen";

export default function Page() {
  return <BatchScreen />;
}
