import { TasksScreen } from "@/features/tasks/TasksScreen";

export default function Page() {
  return <TasksScreen />;
}
