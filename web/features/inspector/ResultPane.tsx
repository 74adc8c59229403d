import type { Attempt, Rollout } from "@/api/types";
import { CodeBlock, JsonBlock } from "@/components/Json";
import { Result } from "@/features/rollout/Result";
import { isLive } from "@/features/rollouts/outcome";
import classes from "./ResultPane.module.css";

/** What was asked for and what came of it: the verdict field by field, or why there is none; and the agent's own words. */
export function ResultPane({ rollout, earlier }: { rollout: Rollout; earlier: Attempt | null }) {
  if (earlier !== null) return <NoVerdict rollout={rollout} why="This attempt ended without deciding the rollout." />;
  const { verdict, answer_text } = rollout;
  return (
    <div className={classes.result}>
      {verdict === null ? (
        <NoVerdict rollout={rollout} why={whyNone(rollout)} />
      ) : (
        <Result verdict={verdict} expected={rollout.expected} />
      )}
      {answer_text?.trim() && (
        <figure className={classes.figure}>
          <figcaption>Answer, as the agent gave it</figcaption>
          <CodeBlock text={answer_text} label="The agent's raw answer" />
        </figure>
      )}
    </div>
  );
}

function whyNone({ status }: Rollout): string {
  if (isLive(status)) return "There is no verdict yet.";
  if (status === "failed") return "There is no verdict: an error ended it, and it counts in no rate.";
  return "There is no verdict.";
}

function NoVerdict({ rollout, why }: { rollout: Rollout; why: string }) {
  return (
    <>
      <p className={classes.none}>{why}</p>
      {rollout.expected !== null && (
        <figure className={classes.figure}>
          <figcaption>Expected answer</figcaption>
          <JsonBlock value={rollout.expected} label="Expected answer" />
        </figure>
      )}
    </>
  );
}
