"use client";

import { useDocumentTitle } from "@mantine/hooks";
import { useQueryState } from "nuqs";
import { useState } from "react";
import { useTasks, useUploadTasks } from "@/api/queries";
import { Overview } from "@/features/overview/Overview";
import { Frame } from "@/features/shell/Frame";
import { useSelection } from "./selection";
import { TaskDetails } from "./TaskDetails";
import { TaskSidebar } from "./TaskSidebar";
import classes from "./TasksScreen.module.css";
import { type Upload, UploadReport } from "./UploadReport";
import { useFileDrop } from "./useFileDrop";

/** The first page: tasks beside the chosen one, or beside an overview of all. */
export function TasksScreen() {
  const [taskId] = useQueryState("task");
  const query = useTasks();
  const tasks = query.data?.pages.flatMap((page) => page.tasks) ?? [];
  const selection = useSelection();
  const { upload, send, dismiss } = useUpload();
  const dragging = useFileDrop(send);
  useDocumentTitle(taskId === null ? "Rolldeck" : `${taskId} · Rolldeck`);

  return (
    <Frame
      sidebar={(close) => (
        <TaskSidebar
          query={query}
          tasks={tasks}
          current={taskId}
          selection={selection}
          onUpload={send}
          onNavigate={close}
        />
      )}
    >
      <div className={classes.content}>
        {upload !== null && <UploadReport upload={upload} onDismiss={dismiss} />}
        {taskId === null ? (
          <Overview
            tasks={query.data && tasks}
            more={query.hasNextPage}
            selected={[...selection.ids]}
            onUpload={send}
          />
        ) : (
          <TaskDetails key={taskId} id={taskId} />
        )}
      </div>
      {dragging && (
        <div className={classes.drop} aria-hidden>
          <p>Drop a tasks.json to upload it</p>
        </div>
      )}
    </Frame>
  );
}

function useUpload() {
  const [upload, setUpload] = useState<Upload | null>(null);
  const { mutate } = useUploadTasks();
  const send = (file: File) => {
    setUpload({ fileName: file.name });
    mutate(file, {
      onSuccess: (result) => setUpload({ fileName: file.name, result }),
      onError: (error) => setUpload({ fileName: file.name, error }),
    });
  };
  return { upload, send, dismiss: () => setUpload(null) };
}
