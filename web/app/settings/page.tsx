import { SettingsScreen } from "@/features/settings/SettingsScreen";

export default function Page() {
  return <SettingsScreen />;
}
