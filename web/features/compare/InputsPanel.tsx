import { FactList } from "@/components/FactList";
import { LongText } from "@/components/LongText";
import { Panel } from "@/components/Panel";
import { formatCount } from "@/lib/format";
import { ComparedTable } from "./ComparedTable";
import classes from "./InputsPanel.module.css";
import { inputsOf } from "./inputs";
import type { Column } from "./useComparison";

/** What the rollouts were made from: first what tells them apart, then what they have in common. */
export function InputsPanel({ columns }: { columns: readonly Column[] }) {
  const rollouts = columns.map(({ rollout }) => rollout);
  const { constants, variables } = inputsOf(
    rollouts,
    columns.map(({ batch }) => batch),
  );
  return (
    <Panel title="Inputs" aside={columns.length > 1 ? `${formatCount(variables.length, "variable")}` : undefined}>
      {columns.length > 1 && (
        <>
          <h3 className={classes.title}>Variables</h3>
          {variables.length === 0 ? (
            <p className={classes.none}>Everything is the same: what differs is the agents’ own doing, or chance.</p>
          ) : (
            <ComparedTable
              label="Inputs that differ"
              rollouts={rollouts}
              rows={variables.map(({ name, values }) => ({
                name,
                cells: values.map((value) => <LongText key={value} text={value} limit={200} />),
                marked: values.map((value) => value !== values[0]),
              }))}
            />
          )}
          <h3 className={classes.title}>Constants</h3>
        </>
      )}
      <FactList
        facts={constants.map(({ name, values }) => ({ name, value: <LongText text={values[0] ?? ""} limit={200} /> }))}
      />
    </Panel>
  );
}
