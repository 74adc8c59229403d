"use client";

import { NativeSelect, Skeleton } from "@mantine/core";
import dynamic from "next/dynamic";
import { useQueryState } from "nuqs";
import { useTask } from "@/api/queries";
import type { TaskDetail } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { Panel } from "@/components/Panel";
import { formatMoment } from "@/lib/format";
import { usePreferences } from "@/lib/preferences";
import classes from "./Versions.module.css";

const TaskChanges = dynamic(() => import("./TaskChanges"), { ssr: false, loading: () => <Skeleton height={80} /> });

/** Which version of the task the page shows, and which it is compared with; there once there are several. */
export function Versions({ detail }: { detail: TaskDetail }) {
  const [, setVersion] = useQueryState("version", { history: "push" });
  const [against, setAgainst] = useQueryState("against", { history: "push" });
  const { timeZone } = usePreferences();
  const { versions, version } = detail;
  if (versions.length < 2) return null;
  const newest = versions[0]?.version;
  const choices = versions.map((each, place) => ({
    value: each.version,
    label: `${each.version.slice(0, 8)} · ${formatMoment(each.created_at, timeZone)}${place === 0 ? " · newest" : ""}`,
  }));
  return (
    <>
      <div className={classes.bar}>
        <NativeSelect
          size="xs"
          label="Version"
          data={choices}
          value={version}
          onChange={({ currentTarget: { value } }) => void setVersion(value === newest ? null : value)}
        />
        <NativeSelect
          size="xs"
          label="Compared with"
          data={[{ value: "", label: "no other" }, ...choices.filter(({ value }) => value !== version)]}
          value={against ?? ""}
          onChange={({ currentTarget: { value } }) => void setAgainst(value === "" ? null : value)}
        />
        {version !== newest && <p className={classes.note}>An earlier version: new rollouts try the newest one.</p>}
      </div>
      {against !== null && against !== version && <Comparison detail={detail} against={against} />}
    </>
  );
}

/** What the older of two versions says differently from the newer one. */
function Comparison({ detail, against }: { detail: TaskDetail; against: string }) {
  const other = useTask(detail.task.id, against);
  const ages = detail.versions.map(({ version }) => version);
  const isOlder = ages.indexOf(against) > ages.indexOf(detail.version);
  return (
    <Panel title={isOlder ? "What changed since" : "What changed after"} aside={<code>{against.slice(0, 8)}</code>}>
      {other.data !== undefined && (
        <TaskChanges before={isOlder ? other.data.task : detail.task} after={isOlder ? detail.task : other.data.task} />
      )}
      {other.data === undefined && other.error === null && <Skeleton height={80} />}
      {other.error !== null && <FailureNote title="The other version could not be loaded" error={other.error} />}
    </Panel>
  );
}
