import { CompareScreen } from "@/features/compare/CompareScreen";

export default function Page() {
  return <CompareScreen />;
}
