"use client";

import { Button, Popover } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import type { RolloutQuery } from "@/api/types";
import { formatCount } from "@/lib/format";
import { type TableFormat, tableAddress } from "../exports";
import { fetchTable, fileName, saveFile } from "./download";
import { JobNote } from "./JobNote";
import classes from "./SavedViews.module.css";
import { useJob } from "./useJob";

const FORMATS = { csv: "CSV", json: "JSON lines" } satisfies Record<TableFormat, string>;
/** More are left to the browser, which writes them to the disk as they arrive. */
const MOST_HELD = 10_000;

type Props = { query: RolloutQuery; total: number | null };

/** Everything that the list shows, as a file. */
export default function ExportButton({ query, total }: Props) {
  const [opened, setOpened] = useState(false);
  const { job, run, dismiss } = useJob();
  const counted = total !== null && total <= MOST_HELD;
  const save = (format: TableFormat) =>
    void run(`Exporting as ${FORMATS[format]}`, total, async (told, signal) => {
      saveFile(await fetchTable(format, query, told, signal), fileName(format));
      return `${fileName(format)} was saved.`;
    });
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button variant="default" leftSection={<IconDownload size={14} />} onClick={() => setOpened(!opened)}>
          Export
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Export" p={10}>
        <div className={classes.menu}>
          <p>{counted ? formatCount(total, "rollout") : "All rollouts that match"}, with everything known of each.</p>
          {(["csv", "json"] as const).map((format) =>
            counted ? (
              <Button key={format} variant="default" onClick={() => save(format)}>
                {FORMATS[format]}
              </Button>
            ) : (
              <Button key={format} variant="default" component="a" href={tableAddress(format, query)} download>
                {FORMATS[format]}
              </Button>
            ),
          )}
          {job !== null && <JobNote job={job} onDismiss={dismiss} />}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
