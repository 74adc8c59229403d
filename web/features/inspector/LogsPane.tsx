"use client";

import { SegmentedControl, Skeleton, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { type Recording, useLogs } from "@/api/queries";
import type { Log } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { ScrollBox } from "@/components/ScrollBox";
import { formatCount } from "@/lib/format";
import { shorten } from "@/lib/text";
import inspector from "./Inspector.module.css";
import classes from "./LogsPane.module.css";
import { linesOf, linesWith } from "./logText";

const SHOWN_AT_FIRST = 400;

const SOURCE_WORDS: Record<Log["source"], string> = {
  worker: "Worker",
  console: "Browser console",
  network: "Network",
  service: "Service",
};

/** What worker, browser and services wrote in an attempt, one of them at a time. */
export function LogsPane({ recording }: { recording: Recording }) {
  const { data, error, refetch } = useLogs(recording);
  const [chosen, setChosen] = useQueryState("log", parseAsString);
  if (error !== null && data === undefined) {
    return <FailureNote title="The logs could not be loaded" error={error} onRetry={() => refetch()} />;
  }
  if (data === undefined) return <Skeleton height={220} role="status" aria-label="Loading the logs" />;
  if (data.logs.length === 0) {
    return (
      <p className={inspector.nothing}>
        {recording.live ? "The logs are kept when the attempt has ended." : "No log of this attempt was kept."}
      </p>
    );
  }
  const log = data.logs.find((each) => keyOf(each) === chosen) ?? data.logs[0];
  return (
    <div className={classes.logs}>
      <div className={classes.scroller}>
        <SegmentedControl
          size="xs"
          aria-label="Which log"
          data={data.logs.map((each) => ({ value: keyOf(each), label: titleOf(each) }))}
          value={log === undefined ? "" : keyOf(log)}
          onChange={setChosen}
        />
      </div>
      {log !== undefined && <Lines key={keyOf(log)} log={log} />}
    </div>
  );
}

function Lines({ log }: { log: Log }) {
  const [wanted, setWanted] = useState("");
  const [whole, setWhole] = useState(false);
  const all = linesOf(log.text);
  const found = linesWith(all, wanted);
  const shown = whole ? found : found.slice(-SHOWN_AT_FIRST);
  return (
    <>
      <div className={classes.bar}>
        <TextInput
          className={classes.search}
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
          placeholder="Only lines with …"
          aria-label="Only lines with this text"
          leftSection={<IconSearch size={14} aria-hidden />}
        />
        <span className={classes.count} role="status">
          {found.length === all.length
            ? formatCount(all.length, "line")
            : `${found.length.toLocaleString("en-US")} of ${formatCount(all.length, "line")}`}
        </span>
      </div>
      {shown.length < found.length && (
        <UnstyledButton className={classes.more} onClick={() => setWhole(true)}>
          Show the {(found.length - shown.length).toLocaleString("en-US")} lines before
        </UnstyledButton>
      )}
      <ScrollBox label={`Log: ${titleOf(log)}`} className={classes.scroll}>
        {found.length === 0 ? (
          <p className={inspector.nothing}>{all.length === 0 ? "It wrote nothing." : "No line has that."}</p>
        ) : (
          <pre className={classes.text}>
            {shown.map((line, position) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a log never change
              <bdi key={position} className={classes.line}>
                {shorten(line, 4000)}
                {"\n"}
              </bdi>
            ))}
          </pre>
        )}
      </ScrollBox>
    </>
  );
}

const keyOf = ({ source, name }: Log) => (source === "service" ? `service:${name}` : source);

const titleOf = ({ source, name }: Log) => (source === "service" ? name : SOURCE_WORDS[source]);
