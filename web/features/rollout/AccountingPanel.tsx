import { useBatch } from "@/api/batches";
import { useTask } from "@/api/queries";
import type { Attempt, Rollout, Step } from "@/api/types";
import { type Fact, FactList } from "@/components/FactList";
import { Panel } from "@/components/Panel";
import { formatCost, formatCount, formatDuration, formatRate } from "@/lib/format";
import { type Accounts, accountsOf } from "./accounting";

type Props = {
  rollout: Rollout;
  earlier: Attempt | null;
  attempts: readonly Attempt[];
  /** Those of the attempt that is shown. */
  steps: readonly Step[];
};

/** What an attempt took, in tokens, money and time, and what it might have taken. */
export function AccountingPanel({ rollout, earlier, attempts, steps }: Props) {
  const { data: batch } = useBatch(rollout.batch_id);
  const { data: task } = useTask(rollout.task_id, rollout.task_version);
  const accounts = accountsOf(steps);
  const { tokens, cost } = earlier ?? rollout;
  const limits = { ...task?.task.limits, ...withoutNulls(batch?.limits ?? {}) };
  const facts: Fact[] = [
    { name: "Steps", value: ofLimit(steps.length, limits.steps) },
    { name: "Tokens", value: ofLimit(tokens, limits.tokens), title: "that its model took, in and out" },
    ...tokenFacts(accounts),
    { name: "Cost", value: costInWords(rollout, cost, limits.cost) },
    ...attemptFacts(attempts),
    ...timeFacts(accounts),
    ...budgetFacts(batch),
  ];
  return (
    <Panel title="Accounting">
      <FactList facts={facts} />
    </Panel>
  );
}

function tokenFacts({ input, cached, output, thinking, requests, retries }: Accounts): Fact[] {
  if (requests === 0) return [];
  const again = retries > 0 ? `, after ${formatCount(retries, "retry", "retries")}` : "";
  return [
    { name: "In", value: `${amount(input)}, ${amount(cached)} of them cached` },
    { name: "Out", value: `${amount(output)}, ${amount(thinking)} of them thoughts` },
    { name: "Requests", value: `${amount(requests)}${again}` },
  ];
}

function costInWords({ model }: Rollout, cost: number | null, limit: number | null | undefined): string {
  if (model === null) return "none: it has no model";
  if (cost === null) return "unknown: the model’s prices are not known";
  return limit == null ? formatCost(cost) : `${formatCost(cost)} of ${formatCost(limit)}`;
}

/** What all attempts took together, where there are several. */
function attemptFacts(attempts: readonly Attempt[]): Fact[] {
  if (attempts.length < 2) return [];
  const tokens = attempts.reduce((sum, attempt) => sum + attempt.tokens, 0);
  if (tokens === 0) return [];
  const known = attempts.every((attempt) => attempt.cost !== null || attempt.tokens === 0);
  const cost = known ? attempts.reduce((sum, attempt) => sum + (attempt.cost ?? 0), 0) : null;
  return [{ name: "All attempts", value: `${formatCount(tokens, "token")}, cost ${formatCost(cost)}` }];
}

/** Where the seconds of the steps went; what of the agent's is not the model's answering is its own, and waiting to ask again. */
function timeFacts({ model, backoff, agent, action, wait }: Accounts): Fact[] {
  const all = agent + action + wait;
  if (all === 0) return [];
  const share = (seconds: number) => `${formatDuration(seconds)}, ${formatRate(seconds / all)}`;
  return [
    { name: "Thinking", value: share(agent), title: "until the agent had decided" },
    ...(model > 0 ? [{ name: "– model", value: share(model), title: "until the model’s answers" }] : []),
    ...(backoff > 0
      ? [{ name: "– backing off", value: share(backoff), title: "before requests were made again" }]
      : []),
    { name: "Acting", value: share(action) },
    { name: "Page", value: share(wait), title: "until the page had settled for a screenshot" },
  ];
}

function budgetFacts(batch: ReturnType<typeof useBatch>["data"]): Fact[] {
  if (batch === undefined) return [];
  const { budget, tokens, cost, budget_spent } = batch;
  const parts = [
    ...(budget.tokens == null ? [] : [`${amount(tokens)} of ${formatCount(budget.tokens, "token")}`]),
    ...(budget.cost == null ? [] : [`${formatCost(cost)} of ${formatCost(budget.cost)}`]),
  ];
  if (parts.length === 0) return [];
  return [
    { name: "Batch budget", value: `${parts.join("; ")}${budget_spent ? " — spent, so the batch is paused" : ""}` },
  ];
}

const amount = (count: number) => count.toLocaleString("en-US");

const ofLimit = (count: number, limit: number | null | undefined) =>
  limit == null ? amount(count) : `${amount(count)} of ${amount(limit)}`;

const withoutNulls = <Limits extends object>(limits: Limits): Partial<Limits> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null)) as Partial<Limits>;
