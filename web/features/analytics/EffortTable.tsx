import Link from "next/link";
import type { Effort, Spread } from "@/api/types";
import { ScrollBox } from "@/components/ScrollBox";
import { type Narrowing, rolloutsHref } from "@/features/rollouts/href";
import { formatCost, formatDuration } from "@/lib/format";
import { SpreadBar } from "./SpreadBar";
import { nameOf } from "./scope";
import tables from "./Table.module.css";

export const MEASURES = {
  seconds: { label: "Duration", words: formatDuration, none: "not known" },
  steps: { label: "Steps", words: formatAmount, none: "none" },
  tokens: { label: "Tokens", words: formatAmount, none: "no model" },
  cost: { label: "Cost", words: formatCost, none: "not known" },
} as const;

export type Measure = keyof typeof MEASURES;

type Props = { contestants: readonly Effort[]; measure: Measure; within: Narrowing };

/** What completed rollouts of each agent and model take, by one measure. */
export function EffortTable({ contestants, measure, within }: Props) {
  const { label, words, none } = MEASURES[measure];
  const largest = Math.max(0, ...contestants.map((each) => each[measure]?.p90 ?? 0));
  return (
    <>
      <ScrollBox label={`${label} by agent and model`} className={tables.scroll}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col">Agent · model</th>
              <th scope="col" style={{ width: "26%" }}>
                Least – median – 90 %
              </th>
              <th scope="col" className={tables.number}>
                Median
              </th>
              <th scope="col" className={tables.number}>
                90 %
              </th>
              <th scope="col" className={tables.number}>
                Mean
              </th>
              <th scope="col" className={tables.number}>
                Largest
              </th>
              <th scope="col" className={tables.number}>
                Of
              </th>
            </tr>
          </thead>
          <tbody>
            {contestants.map((each) => (
              <tr key={nameOf(each)}>
                <th scope="row">{nameOf(each)}</th>
                <Figures spread={each[measure]} words={words} none={none} largest={largest} />
                <td className={tables.number}>
                  <Link href={behind(each, measure, within)} className={tables.link} prefetch={false}>
                    {(each[measure]?.values ?? each.sampled).toLocaleString("en-US")}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      <p className={tables.note}>
        The newest 1,000 completed rollouts of each; what failed or was cancelled is left out.
      </p>
    </>
  );
}

type FiguresProps = { spread: Spread | null; words: (value: number) => string; none: string; largest: number };

function Figures({ spread, words, none, largest }: FiguresProps) {
  if (spread === null) {
    return (
      <td colSpan={5} className={tables.faint}>
        {none}
      </td>
    );
  }
  return (
    <>
      <td>
        <SpreadBar spread={spread} largest={largest} />
      </td>
      {[spread.median, spread.p90, spread.mean, spread.largest].map((value, position) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: four columns that never change places
        <td key={position} className={tables.number}>
          {words(value)}
        </td>
      ))}
    </>
  );
}

function behind({ agent, model }: Effort, measure: Measure, within: Narrowing): string {
  const sort = measure === "steps" ? "most_steps" : "longest";
  return rolloutsHref({ ...within, agent, model, outcome: "completed", sort });
}

function formatAmount(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 });
}
