import Link from "next/link";
import type { ContestantSuccess, SuccessRates } from "@/api/types";
import { ScrollBox } from "@/components/ScrollBox";
import { type Narrowing, rolloutsHref } from "@/features/rollouts/href";
import { leftOut } from "@/features/rollouts/outcome";
import { formatRate } from "@/lib/format";
import { RateBar } from "./RateBar";
import { nameOf } from "./scope";
import tables from "./Table.module.css";

type Props = { rates: SuccessRates; within?: Narrowing };

/** Success by agent and model, best first: never without what it is of, how sure it is, and what it leaves out. */
export function SuccessTable({ rates, within = {} }: Props) {
  const rows = [...rates.contestants].sort((left, right) => (right.rate ?? -1) - (left.rate ?? -1));
  return (
    <ScrollBox label="Success rates with their intervals" className={tables.scroll}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th scope="col">Agent · model</th>
            <th scope="col" style={{ width: "30%" }}>
              0–100 %
            </th>
            <th scope="col" className={tables.number}>
              Success
            </th>
            <th scope="col" className={tables.number} title={INTERVAL}>
              95 % interval
            </th>
            <th scope="col" className={tables.number}>
              Of
            </th>
            <th scope="col">Left out</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={nameOf(row)} row={row} within={{ ...within, agent: row.agent, model: row.model }} />
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

const INTERVAL = "drawn over whole tasks where there are several of them, else Wilson's";

function Row({ row, within }: { row: ContestantSuccess; within: Narrowing }) {
  const interval = row.clustered ?? row.interval;
  const out = leftOut(row.left_out);
  return (
    <tr>
      <th scope="row">{nameOf(row)}</th>
      <td>
        <RateBar rate={row.rate} interval={interval} />
      </td>
      <td className={tables.number}>
        {row.rate === null ? (
          "–"
        ) : (
          <Link href={rolloutsHref({ ...within, outcome: "success" })} className={tables.link} prefetch={false}>
            {formatRate(row.rate)}
          </Link>
        )}
      </td>
      <td className={tables.number}>
        {interval === null ? "–" : `${formatRate(interval.low)}–${formatRate(interval.high)}`}
      </td>
      <td className={tables.number}>
        <Link href={rolloutsHref({ ...within, outcome: "completed" })} className={tables.link} prefetch={false}>
          {row.succeeded.toLocaleString("en-US")}/{row.completed.toLocaleString("en-US")}
        </Link>{" "}
        <span className={tables.faint}>{row.tasks === 1 ? "1 task" : `${row.tasks} tasks`}</span>
      </td>
      <td className={tables.faint}>{out === null ? "none" : out.reasons}</td>
    </tr>
  );
}
