"use client";

import { parseAsString, useQueryState } from "nuqs";
import { useEnvironments } from "@/api/environments";
import classes from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import { EnvironmentCard } from "./EnvironmentCard";

/** The environments that tasks can name; `?log=` opens what the build of one wrote. */
export function EnvironmentList() {
  const query = useEnvironments();
  const [opened, setOpened] = useQueryState("log", parseAsString);
  return (
    <Section
      title="Templates"
      about="An environment is a recipe: an application with its data. It is built once into a template, from which every rollout gets a copy of its own. Building goes on in the background; what is finished of an interrupted build is kept."
      query={query}
    >
      {(environments) => (
        <ul className={classes.rows} aria-label="Environments">
          {environments.map((environment) => (
            <li key={environment.name}>
              <EnvironmentCard
                environment={environment}
                opened={opened === environment.name}
                onOpen={(open) => setOpened(open ? environment.name : null)}
              />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
