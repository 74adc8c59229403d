"use client";

import { SegmentedControl } from "@mantine/core";
import { useAgents } from "@/api/queries";
import type { ProblemField } from "@/api/types";
import { AgentSelect } from "@/features/tasks/AgentSelect";
import { problemAt } from "@/lib/problems";
import classes from "./BatchForm.module.css";
import { ModelInput } from "./ModelInput";
import type { Reader } from "./options";

type Props = { reader: Reader; problems: readonly ProblemField[]; onChange: (reader: Reader) => void };

/** Who reads an answer that is not written as its task wants it: nobody, or a model, whatever the agent is. */
export function ReaderChoice({ reader, problems, onChange }: Props) {
  const agents = useAgents();
  const withModels = (agents.data ?? []).filter(({ parameters }) => parameters != null).map(({ name }) => name);
  const change = (changes: Partial<Reader>) => onChange({ ...reader, ...changes });
  return (
    <fieldset className={classes.group}>
      <legend>Who reads answers that are not written as asked</legend>
      <SegmentedControl
        size="xs"
        className={classes.segments}
        aria-label="Who reads answers that are not written as asked"
        data={[
          { value: "server", label: "As the server says" },
          { value: "nobody", label: "Nobody" },
          { value: "model", label: "A model" },
        ]}
        value={reader.by}
        onChange={(by) => change({ by: by as Reader["by"] })}
      />
      {reader.by === "model" && (
        <div className={classes.agent}>
          <AgentSelect
            aria-label="Provider of the model that reads"
            placeholder="provider"
            only={withModels}
            value={reader.provider || null}
            error={problemAt(problems, "extraction.provider")}
            onChange={(provider) => change({ provider, model: "" })}
          />
          <ModelInput
            aria-label="Model that reads"
            agent={reader.provider || null}
            value={reader.model}
            required
            error={problemAt(problems, "extraction.model")}
            onChange={(model) => change({ model })}
          />
        </div>
      )}
      <p className={classes.hint}>
        A model is only asked where the rules find no answer in the form that the task wants. It never sees what is
        expected; the verdict keeps both readings, and what the model took.
      </p>
    </fieldset>
  );
}
