"use client";

import { Button, Group, Modal, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { failureOf } from "@/api/problem";
import { previewUpload, useUploadTasks } from "@/api/queries";
import type { UploadPreview, UploadResult } from "@/api/types";
import { ProblemList } from "@/components/ProblemList";
import { useSelection } from "@/features/tasks/selection";
import { formatCount } from "@/lib/format";
import classes from "./UploadDialog.module.css";
import { UploadEntries } from "./UploadEntries";

type Props = { file: File; onClose: () => void };

/** What an upload would add and change, before it does; then what it did. Nothing is stored until the person says so. */
export default function UploadDialog({ file, onClose }: Props) {
  const preview = useQuery({
    queryKey: ["upload", file.name, file.size, file.lastModified],
    queryFn: ({ signal }) => previewUpload(file, signal),
    gcTime: 0,
    retry: false,
  });
  const upload = useUploadTasks();
  const refusal = preview.error ?? upload.error;
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={
        <>
          Upload <bdi className={classes.file}>{file.name}</bdi>
        </>
      }
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {refusal !== null && <Refusal error={refusal} onClose={onClose} />}
      {refusal === null && upload.data !== undefined && <Done result={upload.data} onClose={onClose} />}
      {refusal === null && upload.data === undefined && preview.data !== undefined && (
        <Preview
          preview={preview.data}
          uploading={upload.isPending}
          onUpload={() => upload.mutate(file)}
          onClose={onClose}
        />
      )}
      {refusal === null && preview.data === undefined && (
        <Skeleton height={160} role="status" aria-label="Reading the file" />
      )}
    </Modal>
  );
}

function Refusal({ error, onClose }: { error: unknown; onClose: () => void }) {
  const { detail, errors } = failureOf(error);
  return (
    <div role="alert">
      <p className={classes.refusal}>
        <IconAlertTriangle size={18} aria-hidden />
        The file was not accepted; nothing was changed.
      </p>
      <p className={classes.detail}>{detail}</p>
      <ProblemList problems={errors} label="Problems of the uploaded file" />
      <Group justify="flex-end" mt="md">
        <Button onClick={onClose}>Close</Button>
      </Group>
    </div>
  );
}

type PreviewProps = { preview: UploadPreview; uploading: boolean; onUpload: () => void; onClose: () => void };

function Preview({ preview, uploading, onUpload, onClose }: PreviewProps) {
  const { added, changed, unchanged, entries, more } = preview;
  const changes = added + changed;
  return (
    <>
      <ul className={classes.counts} aria-label="What the upload would do">
        <li data-tone={added > 0 ? "success" : undefined}>{added.toLocaleString("en-US")} added</li>
        <li data-tone={changed > 0 ? "wrong" : undefined}>{changed.toLocaleString("en-US")} changed</li>
        <li>{unchanged.toLocaleString("en-US")} unchanged</li>
      </ul>
      {changes === 0 ? (
        <p>All {formatCount(unchanged, "task")} of the file are stored as they are: there is nothing to upload.</p>
      ) : (
        <UploadEntries entries={entries} more={more} />
      )}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onClose}>
          {changes === 0 ? "Close" : "Cancel"}
        </Button>
        {changes > 0 && (
          <Button onClick={onUpload} loading={uploading} data-autofocus>
            Upload {formatCount(changes, "task")}
          </Button>
        )}
      </Group>
    </>
  );
}

function Done({ result, onClose }: { result: UploadResult; onClose: () => void }) {
  const selection = useSelection();
  return (
    <>
      <p className={classes.done} role="status">
        <IconCircleCheck size={18} aria-hidden />
        {formatCount(result.total, "task")}: {result.added} added, {result.changed} changed, {result.unchanged}{" "}
        unchanged.
      </p>
      <Group justify="flex-end" mt="md" gap="xs">
        <Button
          variant="default"
          onClick={() => {
            selection.add(result.task_ids);
            onClose();
          }}
        >
          Select {result.total === 1 ? "it" : "them"} in the list of tasks
        </Button>
        <Button onClick={onClose} data-autofocus>
          Close
        </Button>
      </Group>
    </>
  );
}
