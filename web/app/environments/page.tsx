import { EnvironmentsScreen } from "@/features/environments/EnvironmentsScreen";

export default function Page() {
  return <EnvironmentsScreen />;
}
