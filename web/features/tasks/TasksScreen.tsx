"use client";

import { useDocumentTitle } from "@mantine/hooks";
import { useQueryState } from "nuqs";
import { useTasks } from "@/api/queries";
import { Overview } from "@/features/overview/Overview";
import { Frame } from "@/features/shell/Frame";
import { useUpload } from "@/features/upload/UploadProvider";
import { useSelection } from "./selection";
import { TaskDetails } from "./TaskDetails";
import { TasksAside } from "./TasksAside";
import classes from "./TasksScreen.module.css";

/** The first page: tasks beside the chosen one, or beside an overview of all. */
export function TasksScreen() {
  const [taskId] = useQueryState("task");
  const query = useTasks();
  const selection = useSelection();
  const upload = useUpload();
  useDocumentTitle(taskId === null ? "Rolldeck" : `${taskId} · Rolldeck`);

  return (
    <Frame sidebar={<TasksAside />}>
      <div className={classes.content}>
        {taskId === null ? (
          <Overview
            tasks={query.data?.pages.flatMap((page) => page.tasks)}
            more={query.hasNextPage}
            selected={[...selection.ids]}
            onUpload={upload}
          />
        ) : (
          <TaskDetails key={taskId} id={taskId} />
        )}
      </div>
    </Frame>
  );
}
