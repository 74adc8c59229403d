"use client";

import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { parseAsString, useQueryState } from "nuqs";
import { useSettings } from "@/api/installation";
import type { Setting } from "@/api/types";
import rows from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import classes from "./SettingGroups.module.css";
import { found, sourceInWords } from "./setting";

/** What the server runs with, by what it is about; `?setting=` narrows it. */
export function SettingGroups() {
  const query = useSettings();
  const [text, setText] = useQueryState("setting", parseAsString.withDefault(""));
  return (
    <Section
      title="Server settings"
      about="Read from the environment once, when the server starts: to change one, set its variable and start the server anew. Secrets are never shown, only whether they are set."
      aside={
        <TextInput
          aria-label="Search the settings"
          placeholder="search"
          leftSection={<IconSearch size={14} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value || null)}
        />
      }
      query={query}
    >
      {({ groups }) => {
        const shown = found(groups, text);
        if (shown.length === 0) return <p className={rows.empty}>No setting has this in its name or description.</p>;
        return shown.map(({ name, settings }) => (
          <div key={name} className={classes.group}>
            <h3 className={classes.name}>{name}</h3>
            <ul className={rows.rows} aria-label={`Settings: ${name}`}>
              {settings.map((setting) => (
                <li key={setting.name} className={classes.setting}>
                  <SettingRow setting={setting} />
                </li>
              ))}
            </ul>
          </div>
        ));
      }}
    </Section>
  );
}

function SettingRow({ setting }: { setting: Setting }) {
  const { variables, description, value, secret, is_set } = setting;
  return (
    <>
      <div className={classes.what}>
        <code className={classes.variable}>{variables[0]}</code>
        <span className={classes.description}>
          {description}
          {variables.length > 1 && ` (also ${variables.slice(1).join(", ")})`}
        </span>
      </div>
      <div className={classes.value}>
        {secret || !is_set ? (
          <span className={rows.faint}>{is_set ? "set, and not shown" : "not set"}</span>
        ) : (
          <code>{value}</code>
        )}
        {is_set && <span className={rows.faint}>{sourceInWords(setting)}</span>}
      </div>
    </>
  );
}
