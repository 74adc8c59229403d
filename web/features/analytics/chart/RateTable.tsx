import Link from "next/link";
import { ScrollBox } from "@/components/ScrollBox";
import { formatRate } from "@/lib/format";
import tables from "../Table.module.css";
import classes from "./RateChart.module.css";
import type { Series } from "./series";

type Props = { label: string; across: string; series: readonly Series[] };

/** What a chart shows, as a table. */
export function RateTable({ label, across, series }: Props) {
  return (
    <details className={classes.table}>
      <summary>As a table</summary>
      <ScrollBox label={label} className={tables.scroll}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col">Agent · model</th>
              <th scope="col">{across}</th>
              <th scope="col">Rate</th>
              <th scope="col">95 % interval</th>
              <th scope="col">Of</th>
            </tr>
          </thead>
          <tbody>
            {series.flatMap(({ name, marks }) =>
              marks.map((mark) => (
                <tr key={`${name} ${mark.label}`}>
                  <th scope="row">{name}</th>
                  <td>{mark.label}</td>
                  <td>
                    <Link href={mark.href} prefetch={false} className={tables.link}>
                      {formatRate(mark.rate)}
                    </Link>
                  </td>
                  <td>
                    {mark.low === null || mark.high === null ? "–" : `${formatRate(mark.low)}–${formatRate(mark.high)}`}
                  </td>
                  <td>{mark.basis}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </ScrollBox>
    </details>
  );
}
