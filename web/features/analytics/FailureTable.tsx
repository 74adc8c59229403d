import Link from "next/link";
import type { Failure } from "@/api/types";
import { ScrollBox } from "@/components/ScrollBox";
import { type Narrowing, rolloutsHref } from "@/features/rollouts/href";
import { nameOf } from "./scope";
import tables from "./Table.module.css";

/** What rollouts failed for, by the kind of the error that decided. */
export function FailureTable({ failures, within }: { failures: readonly Failure[]; within: Narrowing }) {
  return (
    <ScrollBox label="Failures by kind of error and agent" className={tables.scroll}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th scope="col">Error</th>
            <th scope="col">Agent · model</th>
            <th scope="col" className={tables.number}>
              Rollouts
            </th>
          </tr>
        </thead>
        <tbody>
          {failures.map((each) => (
            <tr key={`${each.error} ${nameOf(each)}`}>
              <th scope="row">{each.error}</th>
              <td>{nameOf(each)}</td>
              <td className={tables.number}>
                <Link href={behind(each, within)} className={tables.link} prefetch={false}>
                  {each.rollouts.toLocaleString("en-US")}
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

const behind = ({ error, agent, model }: Failure, within: Narrowing) =>
  rolloutsHref({ ...within, outcome: "failed", error, agent, model });
