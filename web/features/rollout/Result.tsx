import { IconCheck, IconMinus, IconPlus, IconX } from "@tabler/icons-react";
import type { Evidence, Match, Verdict } from "@/api/types";
import { JsonBlock } from "@/components/Json";
import { LongText } from "@/components/LongText";
import { ScrollBox } from "@/components/ScrollBox";
import { formatCount } from "@/lib/format";
import { cellText, MATCH_WORDS, placeOf, sortEvidence } from "./evidence";
import { ReadByModel } from "./ReadByModel";
import classes from "./Result.module.css";

/** What the verifier found: field by field, and both answers whole beside each other, where there is one at all. */
export function Result({ verdict, expected }: { verdict: Verdict; expected: unknown }) {
  const onlyState = expected === null && verdict.parsed === null;
  const { extraction } = verdict;
  const matching = verdict.evidence.filter((piece) => piece.verdict === "match").length;
  return (
    <>
      <p className={classes.matching}>
        {matching} of {formatCount(verdict.evidence.length, "check")} matched
      </p>
      {verdict.evidence.length > 0 && <EvidenceTable evidence={verdict.evidence} />}
      {!onlyState && (
        <div className={classes.answers}>
          <figure className={classes.answer}>
            <figcaption>Expected answer</figcaption>
            <JsonBlock value={expected} label="Expected answer" />
          </figure>
          <figure className={classes.answer}>
            <figcaption>
              {extraction?.found ? "Answer as the model read it" : "Answer found in the agent’s text"}
            </figcaption>
            <JsonBlock value={verdict.parsed} label="Parsed answer" />
          </figure>
          {extraction?.found && extraction.textual !== null && (
            <figure className={classes.answer}>
              <figcaption>Found in the agent’s text without it</figcaption>
              <JsonBlock value={extraction.textual} label="Answer found without the model" />
            </figure>
          )}
        </div>
      )}
      {extraction && <ReadByModel extraction={extraction} />}
    </>
  );
}

export function EvidenceTable({ evidence }: { evidence: readonly Evidence[] }) {
  return (
    <ScrollBox className={classes.scroll} label="Evidence, field by field">
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Expected</th>
            <th scope="col">Got</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {sortEvidence(evidence).map((piece, position) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a verdict never changes, and paths may repeat
            <EvidenceRow key={position} piece={piece} />
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function EvidenceRow({ piece }: { piece: Evidence }) {
  const place = placeOf(piece.path);
  return (
    <tr data-match={piece.verdict}>
      <th scope="row" className={classes.place} data-kind={place.kind}>
        {place.kind === "state" && <span className={classes.state}>state</span>}
        <LongText text={place.name} limit={400} />
      </th>
      <Cell text={cellText(piece, "expected")} />
      <Cell text={cellText(piece, "got")} />
      <td>
        <span className={classes.match}>
          <MatchIcon match={piece.verdict} />
          {MATCH_WORDS[piece.verdict]}
        </span>
        {piece.note && <LongText text={piece.note} limit={600} className={classes.note} />}
      </td>
    </tr>
  );
}

function Cell({ text }: { text: string | null }) {
  return text === null ? (
    <td className={classes.absent}>none</td>
  ) : (
    <td>
      <div className={classes.value}>
        <LongText text={text} limit={1500} />
      </div>
    </td>
  );
}

function MatchIcon({ match }: { match: Match }) {
  const icon = { size: 13, stroke: 2.4, "aria-hidden": true } as const;
  switch (match) {
    case "match":
      return <IconCheck {...icon} />;
    case "mismatch":
      return <IconX {...icon} />;
    case "missing":
      return <IconMinus {...icon} />;
    case "unexpected":
      return <IconPlus {...icon} />;
  }
}
