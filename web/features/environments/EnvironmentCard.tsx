"use client";

import { Button } from "@mantine/core";
import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconHammer } from "@tabler/icons-react";
import { useCancelBuild, useStartBuild } from "@/api/environments";
import { failureOf } from "@/api/problem";
import type { Environment } from "@/api/types";
import { LiveDot } from "@/components/LiveDot";
import { Time } from "@/components/Time";
import { ToneBadge } from "@/features/rollouts/ToneBadge";
import { formatBytes } from "@/lib/format";
import { BuildLog } from "./BuildLog";
import classes from "./EnvironmentCard.module.css";
import { failureInWords, progressOf, stepInWords, templateState } from "./environment";

type Props = { environment: Environment; opened: boolean; onOpen: (open: boolean) => void };

/** An environment: its template, how its build goes on or ended, and what can be done. */
export function EnvironmentCard({ environment, opened, onOpen }: Props) {
  const { name, title, build, built } = environment;
  const start = useStartBuild(name);
  const cancel = useCancelBuild(name);
  const building = build?.state === "running";
  const error = start.error ?? cancel.error;
  const shown = opened && build !== null;
  return (
    <article className={classes.card} aria-label={name}>
      <div className={classes.head}>
        <StateBadge environment={environment} />
        <h3 className={classes.name}>{name}</h3>
        <span className={classes.title}>{title}</span>
      </div>
      <div className={classes.buttons}>
        {build !== null && (
          <Button variant="subtle" aria-expanded={shown} onClick={() => onOpen(!opened)}>
            {shown ? "Hide the log" : "Show the log"}
          </Button>
        )}
        {building ? (
          <Button
            variant="default"
            leftSection={<IconBan size={14} />}
            loading={cancel.isPending}
            onClick={() => cancel.mutate()}
          >
            Cancel the build
          </Button>
        ) : (
          !built && (
            <Button
              leftSection={<IconHammer size={14} />}
              loading={start.isPending}
              onClick={() => start.mutate(undefined, { onSuccess: () => onOpen(true) })}
            >
              {build === null ? "Build" : "Build again"}
            </Button>
          )
        )}
      </div>
      <Facts environment={environment} />
      {building && <Progress build={build} name={name} />}
      {build?.state === "failed" && !built && <BuildFailure error={build.error ?? "nobody knows why"} />}
      {build?.state === "cancelled" && !built && (
        <p className={classes.note}>The build was cancelled; another one goes on where it was.</p>
      )}
      {error !== null && (
        <p className={classes.failure} role="alert">
          {failureOf(error).detail}
        </p>
      )}
      {shown && (
        <div className={classes.log}>
          <BuildLog name={name} running={building} />
        </div>
      )}
    </article>
  );
}

/** Why a build failed, the last that was written, and what to do; all of what was written is in the log. */
function BuildFailure({ error }: { error: string }) {
  const { what, last } = failureInWords(error);
  return (
    <div className={classes.failure} role="alert">
      <p>{what}</p>
      {last.length > 0 && <pre className={classes.last}>{last.join("\n")}</pre>}
      <p>Remove the cause, then build again: what is finished is kept.</p>
    </div>
  );
}

function Facts({ environment }: { environment: Environment }) {
  const { runtime, content_hash, size_bytes, built_at, stages, recipe_file, on_demand, built } = environment;
  return (
    <dl className={classes.facts}>
      <Fact name="Runs in">{runtime === "docker" ? "Docker" : "processes"}</Fact>
      <Fact name="Template">
        <code title="hash of pins, configuration and data: whatever changes makes another template">
          {content_hash}
        </code>
      </Fact>
      {size_bytes !== null && <Fact name="Size">{formatBytes(size_bytes)}</Fact>}
      {built_at !== null && (
        <Fact name="Built">
          <Time iso={built_at} />
        </Fact>
      )}
      {!built && on_demand && <Fact name="Built at the start">no: only on demand</Fact>}
      <Fact name="Recipe">{recipe_file === null ? "Rolldeck's own" : <code>{recipe_file}</code>}</Fact>
      <Fact name={runtime === "docker" ? "Images" : "Stages"}>
        <span className={classes.stages}>
          {stages.map(({ name, made_at, size_bytes: size }) => (
            <span key={name} className={classes.stage} data-made={made_at !== null || undefined}>
              {name}
              <span className={classes.size}>{size === null ? " missing" : ` ${formatBytes(size)}`}</span>
            </span>
          ))}
        </span>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Progress({ build, name }: { build: NonNullable<Environment["build"]>; name: string }) {
  const done = progressOf(build);
  return (
    <div className={classes.progress}>
      <progress
        className={classes.bar}
        aria-label={`Build of ${name}`}
        max={1}
        {...(done === null ? {} : { value: done })}
      />
      <p className={classes.step} role="status">
        {stepInWords(build)}
      </p>
    </div>
  );
}

const ICON = { size: 13, stroke: 2.4, "aria-hidden": true } as const;

const ICONS = {
  built: <IconCheck {...ICON} />,
  missing: <IconClock {...ICON} />,
  building: <LiveDot />,
  failed: <IconAlertTriangle {...ICON} />,
};

function StateBadge({ environment }: { environment: Environment }) {
  const { name, ...state } = templateState(environment);
  return <ToneBadge {...state} icon={ICONS[name]} />;
}
