"use client";

import { Button } from "@mantine/core";
import Link from "next/link";
import { useEffect } from "react";
import { useRefreshAfterDeletion, useRefreshCounts } from "@/api/queries";
import type { Rollout, RolloutQuery } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { formatCount } from "@/lib/format";
import type { TableFormat } from "../exports";
import { isLive } from "../outcome";
import classes from "./BulkBar.module.css";
import { cancelAll, deleteAll, MOST_CHOSEN, readAll, runAgain } from "./bulk";
import { fetchChosen, fileName, saveFile } from "./download";
import { JobNote } from "./JobNote";
import type { RolloutSelection } from "./selection";
import { useJob } from "./useJob";

const MOST_COMPARED = 4;

type Props = { selection: RolloutSelection; query: RolloutQuery };

/** What can be done with the rollouts that are chosen; there while some are, or while something is being done. */
export function BulkBar({ selection, query }: Props) {
  const { job, run, dismiss } = useJob();
  const refreshCounts = useRefreshCounts();
  const refreshAfterDeletion = useRefreshAfterDeletion();
  const chosen = [...selection.chosen.values()];
  const shown = chosen.length > 0 || job !== null;
  useEffect(() => {
    if (!shown) return;
    document.documentElement.style.setProperty("--bottom-bar", "56px"); // what floats at the bottom is above it
    return () => void document.documentElement.style.removeProperty("--bottom-bar");
  }, [shown]);
  if (!shown) return null;
  const live = chosen.filter(({ status }) => isLive(status)).length;
  const ended = chosen.length - live;

  const chooseAll = () =>
    run("Reading the list", null, async (told, signal) => {
      const found = await readAll(query, told, signal);
      selection.add(found);
      const most = found.length === MOST_CHOSEN ? " That is as many as can be selected at once." : "";
      return `${formatCount(found.length, "rollout")} selected.${most}`;
    });
  const again = () =>
    run("Starting again", chosen.length, async (told, signal) => {
      const words = await runAgain(chosen, told, signal);
      await refreshCounts();
      return words;
    });
  const cancel = () =>
    run("Cancelling", live, async (told, signal) => {
      const words = await cancelAll(chosen, told, signal);
      await refreshCounts();
      return words;
    });
  const remove = () =>
    run("Deleting", ended, async (told, signal) => {
      const words = await deleteAll(chosen, told, signal);
      selection.remove(chosen.filter(({ status }) => !isLive(status)).map(({ id }) => id));
      await refreshAfterDeletion();
      return words;
    });
  const save = (format: TableFormat) =>
    run("Exporting", chosen.length, async (told, signal) => {
      const ids = chosen.map(({ id }) => id);
      saveFile(await fetchChosen(format, ids, told, signal), fileName(format));
      return `${fileName(format)} was saved.`;
    });

  return (
    <section className={classes.bar} aria-label="Selected rollouts">
      {job !== null && <JobNote job={job} onDismiss={dismiss} />}
      {chosen.length > 0 && (
        <div className={classes.row}>
          <strong className={classes.count}>{chosen.length.toLocaleString("en-US")} selected</strong>
          <Compare chosen={chosen} />
          <Button variant="default" onClick={() => void again()}>
            Run again
          </Button>
          {live > 0 && (
            <ConfirmButton
              variant="default"
              question={`Cancel ${formatCount(live, "rollout")}?`}
              consequence="They end without a verdict and count in no rate."
              confirmLabel={`Cancel ${live}`}
              onConfirm={() => void cancel()}
            >
              Cancel {live}
            </ConfirmButton>
          )}
          {ended > 0 && (
            <ConfirmButton
              variant="default"
              question={`Delete ${formatCount(ended, "rollout")}?`}
              consequence="Their attempts, steps, screenshots and videos are deleted, too. This cannot be undone."
              confirmLabel={`Delete ${ended}`}
              onConfirm={() => void remove()}
            >
              Delete {ended}
            </ConfirmButton>
          )}
          <Button variant="default" onClick={() => void save("csv")}>
            CSV
          </Button>
          <Button variant="default" onClick={() => void save("json")}>
            JSON lines
          </Button>
          <span className={classes.space} />
          <Button variant="subtle" onClick={() => void chooseAll()}>
            Select all that match
          </Button>
          <Button variant="subtle" onClick={selection.clear}>
            Clear
          </Button>
        </div>
      )}
    </section>
  );
}

/** Two to four of them beside each other. */
function Compare({ chosen }: { chosen: readonly Rollout[] }) {
  const fits = chosen.length >= 2 && chosen.length <= MOST_COMPARED;
  if (!fits) {
    return (
      <Button variant="default" disabled title="Two to four rollouts can be compared">
        Compare
      </Button>
    );
  }
  const ids = chosen.map(({ id }) => id).join(",");
  return (
    <Button component={Link} href={`/compare/?ids=${ids}`} prefetch={false}>
      Compare {chosen.length}
    </Button>
  );
}
