import Link from "next/link";
import type { Flakiness } from "@/api/types";
import { ScrollBox } from "@/components/ScrollBox";
import { type Narrowing, rolloutsHref, taskHref } from "@/features/rollouts/href";
import { formatRate } from "@/lib/format";
import { nameOf } from "./scope";
import tables from "./Table.module.css";

/** The tasks whose rollouts by one agent disagree most. */
export function FlakyTable({ tasks, within }: { tasks: readonly Flakiness[]; within: Narrowing }) {
  return (
    <ScrollBox label="Tasks whose rollouts disagree" className={tables.scroll}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Agent · model</th>
            <th scope="col" className={tables.number} title="how likely two of its rollouts have different verdicts">
              Disagreement
            </th>
            <th scope="col" className={tables.number}>
              Right / wrong
            </th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((each) => {
            const where = { ...within, task: each.task_id, agent: each.agent, model: each.model };
            return (
              <tr key={`${each.task_id} ${nameOf(each)}`}>
                <th scope="row">
                  <Link href={taskHref(each.task_id)} className={tables.link} prefetch={false}>
                    {each.task_id}
                  </Link>
                </th>
                <td>{nameOf(each)}</td>
                <td className={tables.number}>{formatRate(each.disagreement)}</td>
                <td className={tables.number}>
                  <Link href={rolloutsHref({ ...where, outcome: "success" })} className={tables.link} prefetch={false}>
                    {each.succeeded} right
                  </Link>
                  {" / "}
                  <Link href={rolloutsHref({ ...where, outcome: "wrong" })} className={tables.link} prefetch={false}>
                    {each.completed - each.succeeded} wrong
                  </Link>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </ScrollBox>
  );
}
