"use client";

import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconBookmark, IconLink, IconTrash } from "@tabler/icons-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useState } from "react";
import classes from "./SavedViews.module.css";
import { READY_VIEWS, type SavedView, searchOfView, useSavedViews } from "./views";

/** Views to go to, and a name for this one. A view is an address: sharing it is sharing that. */
export default function SavedViewsMenu() {
  const [opened, setOpened] = useState(false);
  const { views, save, remove } = useSavedViews();
  const search = searchOfView(useSearchParams().toString());
  const clipboard = useClipboard({ timeout: 2000 });
  const close = () => setOpened(false);
  const current = [...views, ...READY_VIEWS].find((view) => view.search === search);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button variant="default" leftSection={<IconBookmark size={14} />} onClick={() => setOpened(!opened)}>
          {current?.name ?? "Views"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved views" p={10}>
        <div className={classes.menu}>
          <NewView onSave={(name) => save({ name, search })} />
          <Button
            variant="subtle"
            justify="flex-start"
            leftSection={<IconLink size={14} />}
            onClick={() => clipboard.copy(`${window.location.origin}/rollouts/${search}`)}
          >
            {clipboard.copied ? "Copied" : "Copy the address of this view"}
          </Button>
          {views.length > 0 && (
            <Views title="Saved in this browser" views={views} current={search} onFollow={close} onRemove={remove} />
          )}
          <Views title="Ready to use" views={READY_VIEWS} current={search} onFollow={close} />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function NewView({ onSave }: { onSave: (name: string) => void }) {
  const [name, setName] = useState("");
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        onSave(name.trim());
        setName("");
      }}
    >
      <TextInput
        aria-label="Name of this view"
        placeholder="Name this view"
        maxLength={60}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" disabled={name.trim() === ""}>
        Save
      </Button>
    </form>
  );
}

type ViewsProps = {
  title: string;
  views: readonly SavedView[];
  current: string;
  onFollow: () => void;
  onRemove?: (name: string) => void;
};

function Views({ title, views, current, onFollow, onRemove }: ViewsProps) {
  return (
    <section aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      <ul>
        {views.map((view) => (
          <li key={view.name} className={classes.view}>
            <Link
              href={`/rollouts/${view.search}`}
              className={classes.link}
              aria-current={view.search === current ? "page" : undefined}
              prefetch={false}
              onClick={onFollow}
            >
              <bdi>{view.name}</bdi>
            </Link>
            {onRemove && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove the view ${view.name}`}
                onClick={() => onRemove(view.name)}
              >
                <IconTrash size={14} />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
