import { Kbd, useMantineColorScheme } from "@mantine/core";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.layer.css";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { useBatches } from "@/api/batches";
import { useRollouts, useTasks } from "@/api/queries";
import { setPreferences, usePreferences } from "@/lib/preferences";
import classes from "./Palette.module.css";
import { type Entry, entriesFor, type Known } from "./paletteEntries";

const [store, palette] = createSpotlight();
const EVERYTHING = {};

type Props = { opened: boolean; onClose: () => void; onStartBatch: () => void };

/** Finds pages, tasks, batches and rollouts, and does things, from the keyboard. */
export default function PaletteDialog({ opened, onClose, onStartBatch }: Props) {
  useEffect(() => {
    if (opened) palette.open();
  }, [opened]);
  return (
    <Spotlight.Root
      store={store}
      shortcut={null}
      onSpotlightClose={onClose}
      attributes={{ content: { "aria-label": "Find or do" } }}
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.45, blur: 2 }}
    >
      {opened && <Finder onStartBatch={onStartBatch} />}
    </Spotlight.Root>
  );
}

function Finder({ onStartBatch }: Pick<Props, "onStartBatch">) {
  const [search, setSearch] = useState("");
  const router = useRouter();
  const preferences = usePreferences();
  const { colorScheme: scheme, setColorScheme: setScheme } = useMantineColorScheme();
  const doable = { preferences, setPreferences, scheme, setScheme, startBatch: onStartBatch };
  const groups = entriesFor(search, useKnown(), doable);
  const run = (entry: Entry) => ("href" in entry ? router.push(entry.href) : entry.act());
  return (
    <>
      <Spotlight.Search
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        aria-label="Find a page, task, batch or rollout, or do something"
        placeholder="Page, task, batch, id of a rollout, or what to do"
      />
      <Spotlight.ActionsList className={classes.list} tabIndex={0}>
        {groups.map(({ title, entries }) => (
          <Spotlight.ActionsGroup key={title} label={title}>
            {entries.map((entry) => (
              <Spotlight.Action key={entry.id} onClick={() => run(entry)} className={classes.entry}>
                <bdi className={classes.label}>{entry.label}</bdi>
                {entry.detail !== undefined && <bdi className={classes.detail}>{entry.detail}</bdi>}
                {entry.keys !== undefined && <Kbd size="xs">{entry.keys}</Kbd>}
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        ))}
      </Spotlight.ActionsList>
    </>
  );
}

function useKnown(): Known {
  return {
    tasks: useTasks().data?.pages.flatMap((page) => page.tasks) ?? [],
    batches: useBatches(undefined).data?.pages.flatMap((page) => page.batches) ?? [],
    rollouts: useRollouts(EVERYTHING).data?.pages.flatMap((page) => page.rollouts) ?? [],
  };
}
