"use client";

import { useOccupied } from "@/api/environments";
import { useWorkers } from "@/api/workers";
import classes from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import { formatBytes } from "@/lib/format";
import { poolsOf, type Shelf } from "./environment";
import table from "./WarmPool.module.css";

/** What is ready ahead of demand, of how many there should be, and the memory that it takes. */
export function WarmPool() {
  const workers = useWorkers();
  const occupied = useOccupied();
  return (
    <Section
      title="Warm pool"
      about="Workers make environments ready ahead of the rollouts that wait, so that a rollout takes one and does not wait for its own."
      query={workers}
    >
      {(data) => {
        const { shelves, bytes, budget } = poolsOf(data.workers, occupied.data?.occupied ?? []);
        return (
          <>
            <Memory bytes={bytes} budget={budget} />
            {shelves.length === 0 ? (
              <p className={classes.empty}>Nothing is ready, and no rollout has an environment: none was wanted yet.</p>
            ) : (
              <div className={classes.rows}>
                <table className={table.table}>
                  <thead>
                    <tr>
                      <th scope="col">Environment</th>
                      <th scope="col">Ready</th>
                      <th scope="col">Being made</th>
                      <th scope="col">Target</th>
                      <th scope="col">In use</th>
                      <th scope="col">Waiting</th>
                      <th scope="col">Memory</th>
                    </tr>
                  </thead>
                  <tbody>
                    {shelves.map((shelf) => (
                      <Row key={shelf.name} shelf={shelf} />
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </>
        );
      }}
    </Section>
  );
}

function Row({ shelf }: { shelf: Shelf }) {
  return (
    <tr>
      <th scope="row">{shelf.name}</th>
      <td data-label="Ready">{shelf.ready}</td>
      <td data-label="Being made">{shelf.making}</td>
      <td data-label="Target">{shelf.target}</td>
      <td data-label="In use">{shelf.inUse}</td>
      <td data-label="Waiting">{shelf.demand.toLocaleString("en-US")}</td>
      <td data-label="Memory">{formatBytes(shelf.bytes)}</td>
    </tr>
  );
}

function Memory({ bytes, budget }: { bytes: number; budget: number }) {
  if (budget === 0) return <p className={classes.faint}>No worker is alive, or the pool is off (ROLLDECK_POOL_MB).</p>;
  return (
    <div className={table.memory}>
      <meter className={table.meter} min={0} max={budget} value={bytes} aria-label="memory of the warm pool" />
      <span className={classes.faint}>
        {formatBytes(bytes)} of {formatBytes(budget)} taken by what is ready
      </span>
    </div>
  );
}
