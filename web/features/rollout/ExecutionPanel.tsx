import Link from "next/link";
import type { Attempt, Rollout } from "@/api/types";
import { type Fact, FactList } from "@/components/FactList";
import { Panel } from "@/components/Panel";
import { compactJson } from "@/lib/text";

/** Who executed a rollout, with what: what one needs to compare it or to do it again. */
export function ExecutionPanel({ rollout, earlier }: { rollout: Rollout; earlier: Attempt | null }) {
  return (
    <Panel title="Execution">
      <FactList facts={factsOf(rollout, earlier)} />
    </Panel>
  );
}

function factsOf(rollout: Rollout, earlier: Attempt | null): Fact[] {
  const { model, parameters, template, retries_left } = rollout;
  const worker = earlier === null ? rollout.worker_id : earlier.worker_id;
  const asked = Object.keys(parameters).length > 0;
  const batch = (
    <Link href={`/batch/?id=${encodeURIComponent(rollout.batch_id)}`}>
      <code>{rollout.batch_id}</code>
    </Link>
  );
  return [
    { name: "Batch", value: batch },
    { name: "Agent", value: rollout.agent },
    ...(model === null ? [] : [{ name: "Model", value: model }]),
    ...(asked ? [{ name: "Parameters", value: <code>{compactJson(parameters, 400)}</code> }] : []),
    { name: "Seed", value: rollout.seed, title: "tells the repeats of a task in a batch apart" },
    { name: "Worker", value: worker === null ? "none yet" : <code>{worker}</code> },
    {
      name: "Template",
      value: template === null ? "none" : <code>{template.slice(0, 16)}</code>,
      title: template === null ? undefined : `content hash of what its environment was made from: ${template}`,
    },
    {
      name: "Task version",
      value: (
        <Link
          href={`/?task=${encodeURIComponent(rollout.task_id)}&version=${encodeURIComponent(rollout.task_version)}`}
        >
          <code>{rollout.task_version}</code>
        </Link>
      ),
    },
    { name: "Attempt", value: rollout.attempt },
    { name: "Retries left", value: retries_left, title: "attempts that may still follow a failure of infrastructure" },
  ];
}
