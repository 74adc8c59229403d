"use client";

import { ActionIcon, Button, NumberInput, Skeleton, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { failureOf } from "@/api/problem";
import type { Quota } from "@/api/types";
import { useQuotas, useRemoveQuota, useSetQuota } from "@/api/workers";
import { FailureNote } from "@/components/FailureNote";
import { problemAt } from "@/lib/problems";
import classes from "./Quotas.module.css";

/** Limits of models, for all rollouts together; changeable while rollouts run. */
export function Quotas() {
  const query = useQuotas();
  if (query.data === undefined) {
    return query.error === null ? (
      <Skeleton height={96} role="status" aria-label="Loading the quotas" />
    ) : (
      <FailureNote title="The quotas could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  const { quotas } = query.data;
  return (
    <div className={classes.panel}>
      <p className={classes.about}>
        Limits for all rollouts of a model together, or of an agent that has no model. A change holds at once, also for
        what runs; 0 rollouts at once stops a model. Empty is without limit.
      </p>
      <ul aria-label="Quotas">
        {quotas.map((quota) => (
          <li key={`${quota.name} ${quota.max_running} ${quota.requests_per_minute}`} className={classes.quota}>
            <QuotaForm quota={quota} />
          </li>
        ))}
        <li className={classes.quota}>
          <QuotaForm key={quotas.length} quota={null} />
        </li>
      </ul>
    </div>
  );
}

/** The limits of these models or agents alone, each as it is or to be made. */
export function QuotasOf({ names }: { names: readonly string[] }) {
  const query = useQuotas();
  if (query.data === undefined) {
    return query.error === null ? (
      <Skeleton height={48} role="status" aria-label="Loading the quotas" />
    ) : (
      <FailureNote title="The quotas could not be loaded" error={query.error} onRetry={() => query.refetch()} />
    );
  }
  const known = new Map(query.data.quotas.map((quota) => [quota.name, quota]));
  return (
    <ul aria-label="Quotas">
      {names.map((name) => {
        const quota = known.get(name) ?? null;
        return (
          <li key={`${name} ${quota?.max_running} ${quota?.requests_per_minute}`} className={classes.of}>
            <QuotaForm quota={quota} of={name} />
          </li>
        );
      })}
    </ul>
  );
}

/** One quota as it is, to be changed or removed; or (null) one to be made: `of` a model or agent, or of any. */
function QuotaForm({ quota, of: given }: { quota: Quota | null; of?: string }) {
  const [name, setName] = useState(given ?? "");
  const [atOnce, setAtOnce] = useState<number | null>(quota?.max_running ?? null);
  const [perMinute, setPerMinute] = useState<number | null>(quota?.requests_per_minute ?? null);
  const set = useSetQuota();
  const remove = useRemoveQuota();
  const of = quota?.name ?? name.trim();
  const changed = atOnce !== (quota?.max_running ?? null) || perMinute !== (quota?.requests_per_minute ?? null);
  const error = set.error ?? remove.error;
  const failure = error === null ? null : failureOf(error);
  const problems = failure?.errors ?? [];

  const save = (event: React.FormEvent) => {
    event.preventDefault();
    set.mutate({ name: of, limits: { max_running: atOnce, requests_per_minute: perMinute } });
  };

  return (
    <form
      className={classes.form}
      onSubmit={save}
      aria-label={quota === null && given === undefined ? "New quota" : `Quota of ${of}`}
    >
      {quota === null && given === undefined ? (
        <TextInput
          className={classes.newName}
          aria-label="Model or agent"
          placeholder="model or agent"
          value={name}
          error={problemAt(problems, "name")}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      ) : (
        <strong className={classes.name}>{of}</strong>
      )}
      <NumberInput
        aria-label="Rollouts at once"
        rightSection={<span className={classes.unit}>at once</span>}
        rightSectionWidth={62}
        hideControls
        min={0}
        allowDecimal={false}
        allowNegative={false}
        value={atOnce ?? ""}
        error={problemAt(problems, "max_running")}
        onChange={(value) => setAtOnce(typeof value === "number" ? value : null)}
      />
      <NumberInput
        aria-label="Requests per minute"
        rightSection={<span className={classes.unit}>a minute</span>}
        rightSectionWidth={66}
        hideControls
        min={0}
        allowNegative={false}
        value={perMinute ?? ""}
        error={problemAt(problems, "requests_per_minute")}
        onChange={(value) => setPerMinute(typeof value === "number" ? value : null)}
      />
      <Button
        type="submit"
        variant={changed || (quota === null && given === undefined) ? "filled" : "default"}
        disabled={!changed || of === ""}
        loading={set.isPending}
      >
        {quota === null && given === undefined ? "Add" : "Save"}
      </Button>
      {quota !== null && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={30}
          aria-label={`Remove the quota of ${quota.name}`}
          loading={remove.isPending}
          onClick={() => remove.mutate(quota.name)}
        >
          <IconTrash size={15} stroke={1.8} />
        </ActionIcon>
      )}
      {failure !== null && problems.length === 0 && (
        <p role="alert" className={classes.failure}>
          {failure.detail}
        </p>
      )}
    </form>
  );
}
