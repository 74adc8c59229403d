"use client";

import { Select } from "@mantine/core";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useSuccess } from "@/api/analytics";
import { useBatches } from "@/api/batches";
import type { Batch } from "@/api/types";
import { FailureNote } from "@/components/FailureNote";
import { Panel } from "@/components/Panel";
import { formatRate } from "@/lib/format";
import classes from "./BatchResults.module.css";
import { batchHref, batchTitle } from "./batch";
import { type Contestant, type Pair, pairsOf, pointsInWords } from "./results";

/** How each agent and model did in a batch, and, with `?against=`, in another one beside it. */
export function BatchResults({ batch }: { batch: Batch }) {
  const [against, setAgainst] = useQueryState("against", parseAsString.withDefault(""));
  const other = against === batch.id ? "" : against;
  const mine = useSuccess({ batch_id: batch.id });
  const error = mine.error;
  return (
    <Panel title="Success by agent and model" aside={<Against batch={batch} value={other} onChange={setAgainst} />}>
      {error !== null && mine.data === undefined ? (
        <FailureNote title="The rates could not be loaded" error={error} onRetry={() => mine.refetch()} />
      ) : other === "" ? (
        <Results batch={batch} pairs={pairsOf(batch.agents, mine.data?.contestants ?? [], [])} />
      ) : (
        <Compared batch={batch} other={other} mine={mine.data?.contestants ?? []} />
      )}
    </Panel>
  );
}

function Compared({ batch, other, mine }: { batch: Batch; other: string; mine: readonly Contestant[] }) {
  const theirs = useSuccess({ batch_id: other });
  if (theirs.error !== null && theirs.data === undefined) {
    return <FailureNote title="The other batch could not be loaded" error={theirs.error} onRetry={theirs.refetch} />;
  }
  return <Results batch={batch} other={other} pairs={pairsOf(batch.agents, mine, theirs.data?.contestants ?? [])} />;
}

function Results({ batch, other, pairs }: { batch: Batch; other?: string; pairs: readonly Pair[] }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Agent and model</th>
          <th scope="col">This batch</th>
          {other !== undefined && (
            <>
              <th scope="col">
                <Link href={batchHref(other)}>the other one</Link>
              </th>
              <th scope="col">Difference</th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {pairs.map((pair) => (
          <tr key={`${pair.agent} ${pair.model}`}>
            <th scope="row">
              {pair.agent}
              {pair.model !== null && <span className={classes.model}>{pair.model}</span>}
            </th>
            <td data-label="This batch">
              <Rate of={pair.mine} />
            </td>
            {other !== undefined && (
              <>
                <td data-label="the other one">
                  <Rate of={pair.theirs} />
                </td>
                <td data-label="Difference">{pointsInWords(pair)}</td>
              </>
            )}
          </tr>
        ))}
      </tbody>
      <caption className="visually-hidden">Success of {batchTitle(batch)} by agent and model</caption>
    </table>
  );
}

/** A rate with its interval, of how many, and how many it leaves out. */
function Rate({ of }: { of: Contestant | null }) {
  if (of === null || of.rate === null) return <span className={classes.faint}>no verdict yet</span>;
  const { rate, interval, succeeded, completed, left_out } = of;
  const out = left_out.failed + left_out.cancelled;
  return (
    <span className={classes.rate}>
      <strong>{formatRate(rate)}</strong>
      {interval !== null && (
        <span className={classes.bar} aria-hidden>
          <span
            className={classes.interval}
            style={{ left: `${100 * interval.low}%`, right: `${100 * (1 - interval.high)}%` }}
          />
          <span className={classes.mark} style={{ left: `${100 * rate}%` }} />
        </span>
      )}
      <span className={classes.faint}>
        {interval !== null && `${formatRate(interval.low)}–${formatRate(interval.high)}, `}
        {succeeded.toLocaleString("en-US")} of {completed.toLocaleString("en-US")}
        {out > 0 && `, ${out.toLocaleString("en-US")} left out`}
      </span>
    </span>
  );
}

type AgainstProps = { batch: Batch; value: string; onChange: (id: string | null) => void };

function Against({ batch, value, onChange }: AgainstProps) {
  const known = useBatches(undefined).data?.pages.flatMap((page) => page.batches) ?? [];
  const choices = known
    .filter(({ id }) => id !== batch.id)
    .map((each) => ({ value: each.id, label: batchTitle(each) }));
  if (value !== "" && choices.every((choice) => choice.value !== value)) {
    choices.push({ value, label: batchTitle({ id: value, name: null }) });
  }
  return (
    <Select
      size="xs"
      aria-label="Compare with another batch"
      placeholder="compare with…"
      data={choices}
      value={value || null}
      clearable
      searchable
      disabled={choices.length === 0}
      onChange={onChange}
    />
  );
}
