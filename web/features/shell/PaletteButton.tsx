"use client";

import { UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { usePreload } from "@/components/usePreload";
import classes from "./Palette.module.css";

const loadDialog = () => import("./PaletteDialog");
const PaletteDialog = dynamic(loadDialog, { ssr: false });
const NewBatchModal = dynamic(() => import("@/features/batches/NewBatchModal"), { ssr: false });

const NONE: readonly string[] = [];

/** Opens the palette, as Ctrl K and ⌘ K do wherever one is. Its code comes when it is wanted, or the page is at rest. */
export function PaletteButton() {
  const [wanted, setWanted] = useState(false);
  const [opened, { open, close }] = useDisclosure(false);
  const [batch, { open: openBatch, close: closeBatch }] = useDisclosure(false);
  const show = () => {
    setWanted(true);
    open();
  };
  useHotkeys("mod+k", show, { preventDefault: true, enableOnFormTags: true, enableOnContentEditable: true });
  usePreload(loadDialog);
  return (
    <>
      <UnstyledButton className={classes.button} onClick={show} aria-keyshortcuts="Control+K Meta+K">
        <IconSearch size={14} aria-hidden />
        <span className={classes.find}>Find or do</span>
        <kbd className={classes.keys} aria-hidden>
          Ctrl K
        </kbd>
      </UnstyledButton>
      {wanted && <PaletteDialog opened={opened} onClose={close} onStartBatch={openBatch} />}
      {batch && <NewBatchModal selected={NONE} onClose={closeBatch} />}
    </>
  );
}
