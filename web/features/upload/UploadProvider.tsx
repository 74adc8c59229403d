"use client";

import dynamic from "next/dynamic";
import { createContext, type ReactNode, useContext, useState } from "react";
import { usePreload } from "@/components/usePreload";
import classes from "./UploadProvider.module.css";
import { useFileDrop } from "./useFileDrop";

const loadUploadDialog = () => import("./UploadDialog");
const UploadDialog = dynamic(loadUploadDialog, { ssr: false });

const UploadContext = createContext<(file: File) => void>(() => {});

/** Shows what an upload of a file would do, and does it when the person wants that. */
export function useUpload(): (file: File) => void {
  return useContext(UploadContext);
}

/** Lets a task file be dropped on any page, or chosen in any part of one. */
export function UploadProvider({ children }: { children: ReactNode }) {
  const [upload, setUpload] = useState<{ file: File; number: number } | null>(null);
  const begin = (file: File) => setUpload((before) => ({ file, number: (before?.number ?? 0) + 1 }));
  const dragging = useFileDrop(begin);
  usePreload(loadUploadDialog);
  return (
    <UploadContext value={begin}>
      {children}
      {upload !== null && <UploadDialog key={upload.number} file={upload.file} onClose={() => setUpload(null)} />}
      {dragging && (
        <div className={classes.drop} aria-hidden>
          <p>Drop a tasks.json to see what it would change</p>
        </div>
      )}
    </UploadContext>
  );
}
