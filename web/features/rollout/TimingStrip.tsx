import type { PhaseTiming } from "@/api/types";
import { Panel } from "@/components/Panel";
import { formatDuration } from "@/lib/format";
import classes from "./TimingStrip.module.css";

const PHASE_WORDS: Record<PhaseTiming["phase"], string> = {
  provision: "Provision",
  browser: "Browser",
  agent: "Agent",
  verify: "Verify",
  teardown: "Teardown",
};

/** Where a rollout's time went, phase by phase. */
export function TimingStrip({ timings }: { timings: readonly PhaseTiming[] }) {
  const total = timings.reduce((sum, timing) => sum + timing.seconds, 0);
  return (
    <Panel title="Time" aside={formatDuration(total)}>
      <div className={classes.bar} aria-hidden>
        {timings.map(({ phase, seconds }) => (
          <span key={phase} data-phase={phase} style={{ flexGrow: seconds }} />
        ))}
      </div>
      <dl className={classes.legend}>
        {timings.map(({ phase, seconds }) => (
          <div key={phase}>
            <dt data-phase={phase}>{PHASE_WORDS[phase]}</dt>
            <dd>{formatDuration(seconds)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
