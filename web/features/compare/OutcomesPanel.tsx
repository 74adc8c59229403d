import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import type { Evidence, Rollout } from "@/api/types";
import { LongText } from "@/components/LongText";
import { Panel } from "@/components/Panel";
import { cellText, MATCH_WORDS, placeOf } from "@/features/rollout/evidence";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { truncationOf } from "@/features/rollouts/outcome";
import { formatCount } from "@/lib/format";
import { type ComparedRow, ComparedTable } from "./ComparedTable";
import classes from "./OutcomesPanel.module.css";
import { differs, type Field, type Figure, fieldsOf, figuresOf, MEASURES } from "./outcomes";

/** What the rollouts came to, in figures and field by field. */
export function OutcomesPanel({ rollouts }: { rollouts: readonly Rollout[] }) {
  return (
    <div className={classes.outcomes}>
      <Panel title="Outcome">
        <ComparedTable
          label="Outcome, in figures"
          rollouts={rollouts}
          rows={[
            { name: "Outcome", cells: rollouts.map((rollout) => <OutcomeBadge key={rollout.id} rollout={rollout} />) },
            { name: "Stopped", cells: rollouts.map(stopInWords) },
            ...MEASURES.map((measure) => ({
              name: measure.name,
              cells: figuresOf(measure, rollouts).map((figure, place) => (
                <FigureCell key={rollouts[place]?.id} figure={figure} />
              )),
            })),
          ]}
        />
      </Panel>
      <ResultDiff rollouts={rollouts} />
    </div>
  );
}

function FigureCell({ figure: { value, change } }: { figure: Figure }) {
  return (
    <>
      {value}
      {change !== null && <span className={classes.change}> {change}</span>}
    </>
  );
}

function stopInWords(rollout: Rollout): string {
  const { stop_reason, errors } = rollout;
  return truncationOf(rollout) ?? (stop_reason === "answered" ? "with an answer" : (errors[0]?.kind ?? "–"));
}

/** The answers field by field; what is the same in all can be left out. */
function ResultDiff({ rollouts }: { rollouts: readonly Rollout[] }) {
  const [shown, setShown] = useState<"all" | "different">("all");
  const fields = fieldsOf(rollouts);
  const different = fields.filter(differs);
  const severalTasks = new Set(rollouts.map(({ task_id, task_version }) => `${task_id} ${task_version}`)).size > 1;
  if (fields.length === 0) {
    return (
      <Panel title="Results">
        <p className={classes.none}>None of them has a verdict with fields to compare.</p>
      </Panel>
    );
  }
  return (
    <Panel
      title="Results"
      aside={
        rollouts.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Which fields are shown"
            data={[
              { value: "all", label: `All ${formatCount(fields.length, "field")}` },
              { value: "different", label: `${different.length} that differ` },
            ]}
            value={shown}
            onChange={(value) => setShown(value as typeof shown)}
          />
        )
      }
    >
      {severalTasks && (
        <p className={classes.warning}>
          They are of different tasks, or versions of one: what was expected is not the same.
        </p>
      )}
      <ComparedTable
        label="Results, field by field"
        rollouts={rollouts}
        before="Expected"
        rows={(shown === "all" ? fields : different).map((field) => rowOf(field, rollouts))}
      />
    </Panel>
  );
}

function rowOf({ path, expected, pieces }: Field, rollouts: readonly Rollout[]): ComparedRow {
  return {
    name: <LongText text={placeOf(path).name} limit={200} />,
    before: expected === null ? <span className={classes.none}>none</span> : <Value text={expected} />,
    cells: pieces.map((piece, place) => (
      <Got key={rollouts[place]?.id} piece={piece} judged={rollouts[place]?.verdict != null} />
    )),
    marked: pieces.map((piece) => piece !== null && differsFrom(piece, pieces[0] ?? null)),
  };
}

function Got({ piece, judged }: { piece: Evidence | null; judged: boolean }) {
  if (piece === null) return <span className={classes.none}>{judged ? "not there" : "no verdict"}</span>;
  const text = cellText(piece, "got");
  return (
    <>
      {text !== null && <Value text={text} />}
      <span className={classes.match} data-match={piece.verdict}>
        {MATCH_WORDS[piece.verdict]}
      </span>
    </>
  );
}

function Value({ text }: { text: string }) {
  return (
    <div className={classes.value}>
      <LongText text={text} limit={400} />
    </div>
  );
}

const differsFrom = (piece: Evidence, base: Evidence | null) =>
  base !== null && (piece.verdict !== base.verdict || cellText(piece, "got") !== cellText(base, "got"));
