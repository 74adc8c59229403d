import type { Action, ActionResult, Step } from "@/api/types";
import { type Fact, FactList } from "@/components/FactList";
import { LongText } from "@/components/LongText";
import { actionInWords, pointsOf } from "@/features/rollout/action";
import { Screenshot } from "@/features/rollout/Screenshot";
import { formatCost, formatCount, formatDuration, formatMoment } from "@/lib/format";
import { followableUrl } from "@/lib/text";
import classes from "./ActionPane.module.css";
import { inWords } from "./confirmations";
import inspector from "./Inspector.module.css";

/** What the agent did in a step, with all its arguments and what came of it, where on the screenshot, and what it took. */
export function ActionPane({ step }: { step: Step | undefined }) {
  if (step === undefined) return <p className={inspector.nothing}>No step yet.</p>;
  return (
    <div className={classes.action}>
      <div className={classes.screen}>
        <Screenshot step={step} />
      </div>
      <div className={classes.told}>
        {step.actions.length === 0 && <p>No action: the agent answered or stopped.</p>}
        <ol className={classes.actions}>
          {step.actions.map((result, position) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the actions of a step never change
            <Done key={position} result={result} screenshot={step.screenshot_url} />
          ))}
        </ol>
        {step.confirmations.map((confirmation) => (
          <p key={inWords(confirmation)} className={classes.confirmation}>
            To be confirmed: <LongText text={inWords(confirmation)} limit={1000} />
          </p>
        ))}
        <FactList facts={factsOf(step)} />
      </div>
    </div>
  );
}

function Done({ result, screenshot }: { result: ActionResult; screenshot: string }) {
  const { action, error, notice } = result;
  return (
    <li className={classes.done}>
      <div className={classes.head}>
        <bdi className={classes.words}>{actionInWords(action)}</bdi>
        <span className={classes.effect} data-failed={error != null || undefined}>
          {error == null ? "done" : "no effect"}
        </span>
      </div>
      <div className={classes.parts}>
        <CloseUp action={action} screenshot={screenshot} />
        <dl className={classes.arguments} aria-label="Arguments">
          {argumentsOf(action).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <LongText text={value} limit={600} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
      {error != null && (
        <p className={classes.error}>
          <LongText text={error} limit={1000} />
        </p>
      )}
      {notice != null && (
        <p className={classes.notice}>
          <LongText text={notice} limit={1000} />
        </p>
      )}
    </li>
  );
}

/** The place of a click in the screenshot's own size. */
function CloseUp({ action, screenshot }: { action: Action; screenshot: string }) {
  const point = pointsOf(action).at(-1);
  if (point === undefined) return null;
  const [x, y] = point;
  return (
    <div className={classes.closeUp}>
      {/* biome-ignore lint/performance/noImgElement: a static export has no image server */}
      <img
        src={screenshot}
        alt={`Close-up of the screenshot around (${x}, ${y})`}
        style={{ left: `calc(50% - ${x}px)`, top: `calc(50% - ${y}px)` }}
      />
      <span className={classes.cross} aria-hidden />
    </div>
  );
}

function argumentsOf({ kind, ...rest }: Action): [string, string][] {
  const shown = Object.entries(rest).filter(([, value]) => value !== "" && value !== null);
  return [["kind", kind], ...shown.map(([name, value]): [string, string] => [name, asText(value)])];
}

const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function factsOf(step: Step): Fact[] {
  const { url, wait_seconds, agent_seconds, action_seconds, usage, at } = step;
  const times = [
    { name: "Address", value: <LongText text={url} limit={300} />, title: followableUrl(url) ?? undefined },
    { name: "Time", value: formatMoment(at) },
    { name: "Waited", value: formatDuration(wait_seconds), title: "until the page had settled for the screenshot" },
    { name: "Thought", value: formatDuration(agent_seconds) },
    { name: "Acted", value: formatDuration(action_seconds) },
  ];
  if (usage == null) return times;
  const { input_tokens, cached_tokens, output_tokens, thinking_tokens, cost, requests, retries } = usage;
  return [
    ...times,
    {
      name: "Tokens in",
      value: `${formatCount(input_tokens, "token")}, ${cached_tokens.toLocaleString("en-US")} of them cached`,
    },
    {
      name: "Tokens out",
      value: `${formatCount(output_tokens, "token")}, ${thinking_tokens.toLocaleString("en-US")} of them thoughts`,
    },
    { name: "Cost", value: formatCost(cost ?? null) },
    {
      name: "Requests",
      value: retries > 0 ? `${requests}, after ${formatCount(retries, "retry", "retries")}` : requests,
    },
  ];
}
