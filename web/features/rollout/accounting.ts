/** What an attempt took: tokens, money, and where its seconds went. */
import type { Step } from "@/api/types";

export type Accounts = {
  input: number;
  cached: number;
  output: number;
  thinking: number;
  /** US dollars; null where the price of some of it is not known. */
  cost: number | null;
  requests: number;
  retries: number;
  /** Seconds until the model's answers, and those that passed before requests were made again. */
  model: number;
  backoff: number;
  /** Seconds of the steps. */
  wait: number;
  agent: number;
  action: number;
};

const NOTHING: Accounts = {
  input: 0,
  cached: 0,
  output: 0,
  thinking: 0,
  cost: 0,
  requests: 0,
  retries: 0,
  model: 0,
  backoff: 0,
  wait: 0,
  agent: 0,
  action: 0,
};

export function accountsOf(steps: readonly Step[]): Accounts {
  return steps.reduce(withStep, NOTHING);
}

function withStep(sum: Accounts, { usage, wait_seconds, agent_seconds, action_seconds }: Step): Accounts {
  return {
    input: sum.input + (usage?.input_tokens ?? 0),
    cached: sum.cached + (usage?.cached_tokens ?? 0),
    output: sum.output + (usage?.output_tokens ?? 0),
    thinking: sum.thinking + (usage?.thinking_tokens ?? 0),
    cost: addedCost(sum.cost, usage),
    requests: sum.requests + (usage?.requests ?? 0),
    retries: sum.retries + (usage?.retries ?? 0),
    model: sum.model + (usage?.model_seconds ?? 0),
    backoff: sum.backoff + (usage?.waited_seconds ?? 0),
    wait: sum.wait + wait_seconds,
    agent: sum.agent + agent_seconds,
    action: sum.action + action_seconds,
  };
}

/** What some of costs is not known, all of it does not. */
function addedCost(sum: number | null, usage: Step["usage"]): number | null {
  if (usage == null) return sum;
  return sum === null || usage.cost == null ? null : sum + usage.cost;
}
