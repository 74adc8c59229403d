"use client";

import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import type { Batch } from "@/api/types";
import { usePreload } from "@/components/usePreload";

const loadEditBatchModal = () => import("./EditBatchModal");
const EditBatchModal = dynamic(loadEditBatchModal, { ssr: false });

export function EditBatchButton({ batch }: { batch: Batch }) {
  const [opened, { open, close }] = useDisclosure(false);
  usePreload(loadEditBatchModal);
  return (
    <>
      <ActionIcon variant="subtle" color="gray" aria-label="Change name, tags and priority" onClick={open}>
        <IconPencil size={15} stroke={1.8} />
      </ActionIcon>
      {opened && <EditBatchModal batch={batch} onClose={close} />}
    </>
  );
}
