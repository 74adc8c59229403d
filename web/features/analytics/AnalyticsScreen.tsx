"use client";

import { NativeSelect, SegmentedControl } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { parseAsStringLiteral, useQueryState, useQueryStates } from "nuqs";
import {
  useEffort,
  useFailures,
  useFlakiness,
  usePassAtK,
  useSuccess,
  useSuccessByDay,
  useSuccessMatrix,
} from "@/api/analytics";
import { useNow } from "@/components/Time";
import { Page } from "@/features/shell/Page";
import { formatCount } from "@/lib/format";
import classes from "./AnalyticsScreen.module.css";
import { EffortTable, MEASURES, type Measure } from "./EffortTable";
import { FailureTable } from "./FailureTable";
import { FlakyTable } from "./FlakyTable";
import { HeatMap } from "./HeatMap";
import { ORDERS, type Order } from "./heat";
import { PassAtK } from "./PassAtK";
import { ScopeBar } from "./ScopeBar";
import { StatisticPanel } from "./StatisticPanel";
import { SuccessOverTime } from "./SuccessOverTime";
import { SuccessTable } from "./SuccessTable";
import { daysOf, FILTERS, narrowingOf, scopeOf } from "./scope";

const MOST_FLAKY = 50;
const NOTHING = "No rollout has completed yet among those that are counted.";

const names = <Name extends string>(choices: Record<Name, unknown>) => Object.keys(choices) as Name[];

/** Statistics of all rollouts, or of some: the filters are in the address, and every mark opens the rollouts behind it. */
export function AnalyticsScreen() {
  useDocumentTitle("Analytics · Rolldeck");
  const [filters, setFilters] = useQueryStates(FILTERS);
  const [measure, setMeasure] = useQueryState("measure", parseAsStringLiteral(names(MEASURES)).withDefault("seconds"));
  const [order, setOrder] = useQueryState("order", parseAsStringLiteral(names(ORDERS)).withDefault("hardest"));
  const scope = scopeOf(filters);
  const within = narrowingOf(scope);
  const today = new Date(useNow() ?? 0).toISOString().slice(0, 10);
  const success = useSuccess(scope);
  const everyone = useSuccess({});
  return (
    <Page title="Analytics">
      <ScopeBar filters={filters} onChange={setFilters} known={everyone.data} />
      <StatisticPanel
        title="Success by agent and model"
        query={success}
        emptiness={({ contestants }) =>
          contestants.length === 0 ? "No rollout yet among those that are counted." : null
        }
      >
        {(rates) => <SuccessTable rates={rates} within={within} />}
      </StatisticPanel>
      <div className={classes.pair}>
        <StatisticPanel
          title="Success over time"
          query={useSuccessByDay(scope, daysOf(filters, today))}
          emptiness={({ days }) =>
            days.every(({ rate }) => rate === null) ? "Nothing completed in these days." : null
          }
          height={300}
        >
          {(days) => <SuccessOverTime days={days} within={within} />}
        </StatisticPanel>
        <StatisticPanel
          title="pass@k"
          query={usePassAtK(scope)}
          emptiness={({ curves }) => (curves.every(({ points }) => points.length === 0) ? NOTHING : null)}
          height={300}
        >
          {({ curves }) => <PassAtK curves={curves} within={within} />}
        </StatisticPanel>
      </div>
      <StatisticPanel
        title="What a rollout takes"
        aside={
          <SegmentedControl
            size="xs"
            aria-label="What is measured"
            data={names(MEASURES).map((name) => ({ value: name, label: MEASURES[name].label }))}
            value={measure}
            onChange={(value) => setMeasure(value as Measure)}
          />
        }
        query={useEffort(scope)}
        emptiness={({ contestants }) => (contestants.every(({ sampled }) => sampled === 0) ? NOTHING : null)}
      >
        {({ contestants }) => <EffortTable contestants={contestants} measure={measure} within={within} />}
      </StatisticPanel>
      <StatisticPanel
        title="Task × model"
        aside={
          <NativeSelect
            size="xs"
            aria-label="Order of the tasks"
            value={order}
            data={names(ORDERS).map((name) => ({ value: name, label: ORDERS[name] }))}
            onChange={(event) => setOrder(event.currentTarget.value as Order)}
          />
        }
        query={useSuccessMatrix(scope)}
        emptiness={({ cells }) => (cells.length === 0 ? NOTHING : null)}
        height={300}
      >
        {({ cells }) => <HeatMap cells={cells} order={order} within={within} />}
      </StatisticPanel>
      <div className={classes.pair}>
        <StatisticPanel
          title="Flakiness"
          query={useFlakiness(scope, MOST_FLAKY)}
          emptiness={({ tasks, agreeing, too_few }) =>
            tasks.length > 0
              ? null
              : `No rollouts disagree: ${formatCount(agreeing, "task and agent", "pairs of task and agent")} agree, ${too_few} have too few rollouts.`
          }
        >
          {({ tasks }) => <FlakyTable tasks={tasks} within={within} />}
        </StatisticPanel>
        <StatisticPanel
          title="Failures"
          query={useFailures(scope)}
          aside="no verdict: in no rate"
          emptiness={({ failed, ended }) =>
            failed === 0 ? `None of ${formatCount(ended, "ended rollout")} failed.` : null
          }
        >
          {({ failures }) => <FailureTable failures={failures} within={within} />}
        </StatisticPanel>
      </div>
    </Page>
  );
}
