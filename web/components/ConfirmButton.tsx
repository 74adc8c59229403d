"use client";

import { Button, type ButtonProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import dynamic from "next/dynamic";
import type { ReactNode } from "react";
import { usePreload } from "@/components/usePreload";
import type { Confirmation } from "./ConfirmModal";

const loadConfirmModal = () => import("./ConfirmModal");
const ConfirmModal = dynamic(loadConfirmModal, { ssr: false });

type Props = ButtonProps & Confirmation & { children: ReactNode; onConfirm: () => void };

/** A button whose action cannot be undone: it asks first, and names what will happen. */
export function ConfirmButton({ children, question, consequence, confirmLabel, onConfirm, ...button }: Props) {
  const [opened, { open, close }] = useDisclosure(false);
  usePreload(loadConfirmModal);
  const confirm = () => {
    close();
    onConfirm();
  };
  return (
    <>
      <Button {...button} onClick={open}>
        {children}
      </Button>
      <ConfirmModal
        opened={opened}
        question={question}
        consequence={consequence}
        confirmLabel={confirmLabel}
        onClose={close}
        onConfirm={confirm}
      />
    </>
  );
}
