"use client";

import { usePathname } from "next/navigation";
import { useQueryState } from "nuqs";
import { useTasks } from "@/api/queries";
import { useUpload } from "@/features/upload/UploadProvider";
import { useSelection } from "./selection";
import { TaskSidebar } from "./TaskSidebar";

/** The tasks, beside any page: docked, or in a drawer that closes when one goes somewhere (`onNavigate`). */
export function TasksAside({ onNavigate = () => {} }: { onNavigate?: () => void }) {
  const query = useTasks();
  const selection = useSelection();
  const upload = useUpload();
  const [task] = useQueryState("task");
  const onTasks = usePathname() === "/";
  return (
    <TaskSidebar
      query={query}
      tasks={query.data?.pages.flatMap((page) => page.tasks) ?? []}
      current={onTasks ? task : null}
      onOverview={onTasks && task === null}
      selection={selection}
      onUpload={upload}
      onNavigate={onNavigate}
    />
  );
}
