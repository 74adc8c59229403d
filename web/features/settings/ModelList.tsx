"use client";

import { useModels } from "@/api/installation";
import type { KnownModel } from "@/api/types";
import rows from "@/components/Rows.module.css";
import { ScrollBox } from "@/components/ScrollBox";
import { Section } from "@/components/Section";
import classes from "./ModelList.module.css";

/** The models whose context and prices are known. */
export function ModelList() {
  const query = useModels();
  return (
    <Section
      title="Models"
      about="Those whose prices and context are known, so that rollouts have a cost. Others can be named, too. Prices are US dollars for a million tokens."
      query={query}
    >
      {(models) => (
        <ScrollBox label="Models with context and prices" className={`${rows.rows} ${classes.scroll}`}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Agent</th>
                <th scope="col">Protocol</th>
                <th scope="col">Context</th>
                <th scope="col">Input</th>
                <th scope="col">Output</th>
                <th scope="col">Cached</th>
              </tr>
            </thead>
            <tbody>
              {models.map((model) => (
                <ModelRow key={`${model.agent} ${model.id}`} model={model} />
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </Section>
  );
}

function ModelRow({ model: { id, agent, tool, context, prices } }: { model: KnownModel }) {
  const long = prices?.long;
  const more = long
    ? `from ${long.above.toLocaleString("en-US")} tokens of input on: ${long.input} in, ${long.output} out`
    : undefined;
  return (
    <tr>
      <th scope="row">{id}</th>
      <td>{agent}</td>
      <td>{tool ?? "–"}</td>
      <td className={classes.number}>{context == null ? "–" : context.toLocaleString("en-US")}</td>
      <td className={classes.number} title={more}>
        {price(prices?.input)}
        {more !== undefined && <span className={classes.more}> *</span>}
      </td>
      <td className={classes.number} title={more}>
        {price(prices?.output)}
      </td>
      <td className={classes.number}>{price(prices?.cached)}</td>
    </tr>
  );
}

const price = (dollars: number | null | undefined): string => (dollars == null ? "–" : `$${dollars}`);
