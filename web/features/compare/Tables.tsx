import { InputsPanel } from "./InputsPanel";
import { OutcomesPanel } from "./OutcomesPanel";
import classes from "./Tables.module.css";
import type { Column } from "./useComparison";

/** What the rollouts came to, and what they were made from. */
export default function Tables({ columns }: { columns: readonly Column[] }) {
  return (
    <div className={classes.panels}>
      <OutcomesPanel rollouts={columns.map(({ rollout }) => rollout)} />
      <InputsPanel columns={columns} />
    </div>
  );
}
