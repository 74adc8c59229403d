"use client";

import { Tabs } from "@mantine/core";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import type { Recording } from "@/api/queries";
import type { Attempt, RolloutDetail } from "@/api/types";
import type { Moment } from "@/features/rollout/Replay";
import { ActionPane } from "./ActionPane";
import { ChangePane } from "./ChangePane";
import classes from "./Inspector.module.css";
import { LogsPane } from "./LogsPane";
import { MessagesPane } from "./MessagesPane";
import { RawPane } from "./RawPane";
import { ResultPane } from "./ResultPane";

const TABS = {
  result: "Result",
  messages: "Messages",
  action: "Action",
  change: "Before and after",
  logs: "Logs",
  raw: "Raw",
} as const;

type Tab = keyof typeof TABS;

const NAMES = Object.keys(TABS) as Tab[];

type Props = { rollout: RolloutDetail; earlier: Attempt | null; recording: Recording; moment: Moment };

/** All that is known of a moment of a rollout, tab by tab; which tab is in the address. */
export default function Inspector({ rollout, earlier, recording, moment }: Props) {
  const usual: Tab = earlier === null && rollout.verdict !== null ? "result" : "messages";
  const [chosen, setChosen] = useQueryState("tab", parseAsStringLiteral(NAMES));
  const tab = chosen ?? usual;
  return (
    <Tabs
      className={classes.inspector}
      value={tab}
      onChange={(name) => setChosen(name === usual ? null : (name as Tab))}
      keepMounted={false}
    >
      <Tabs.List className={classes.tabs} aria-label="What is shown of the rollout">
        {NAMES.map((name) => (
          <Tabs.Tab key={name} value={name} className={classes.tab}>
            {TABS[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab} className={classes.pane}>
        <Pane tab={tab} rollout={rollout} earlier={earlier} recording={recording} moment={moment} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Pane({ tab, rollout, earlier, recording, moment }: Props & { tab: Tab }) {
  switch (tab) {
    case "result":
      return <ResultPane rollout={rollout} earlier={earlier} />;
    case "messages":
      return <MessagesPane moment={moment} live={recording.live} />;
    case "action":
      return <ActionPane step={moment.steps[moment.current]} />;
    case "change":
      return <ChangePane moment={moment} live={recording.live} />;
    case "logs":
      return <LogsPane recording={recording} />;
    case "raw":
      return <RawPane rollout={rollout} step={moment.steps[moment.current]} />;
  }
}
