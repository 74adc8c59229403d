import { AnalyticsScreen } from "@/features/analytics/AnalyticsScreen";

export default function Page() {
  return <AnalyticsScreen />;
}
