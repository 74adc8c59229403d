"use client";

import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { usePreload } from "@/components/usePreload";

const loadNewBatchModal = () => import("./NewBatchModal");
const NewBatchModal = dynamic(loadNewBatchModal, { ssr: false });

const NONE: readonly string[] = [];

/** Opens the form of a new batch, with the tasks that are selected already. */
export function NewBatchButton({ selected = NONE }: { selected?: readonly string[] }) {
  const [opened, { open, close }] = useDisclosure(false);
  usePreload(loadNewBatchModal);
  return (
    <>
      <Button leftSection={<IconPlus size={14} stroke={2} />} onClick={open}>
        New batch
      </Button>
      {opened && <NewBatchModal selected={selected} onClose={close} />}
    </>
  );
}
