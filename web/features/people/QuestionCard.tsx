"use client";

import { Button } from "@mantine/core";
import { IconCheck, IconShieldQuestion, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useAnswerQuestion } from "@/api/people";
import { failureOf } from "@/api/problem";
import type { Question } from "@/api/types";
import { useNow } from "@/components/Time";
import { actionInWords } from "@/features/rollout/action";
import { formatDuration } from "@/lib/format";
import { shorten } from "@/lib/text";
import classes from "./QuestionCard.module.css";

/** What a model wants to do that its provider wants confirmed, with all that a person needs to decide. */
export function QuestionCard({ question }: { question: Question }) {
  const answer = useAnswerQuestion(question.id);
  const left = useSecondsLeft(question);
  return (
    <section className={classes.card} aria-label={`Question about ${question.task_id}`}>
      <header className={classes.header}>
        <IconShieldQuestion size={18} aria-hidden />
        <h3 className={classes.title}>
          {question.model ?? question.agent} wants to do{" "}
          <bdi className={classes.action}>{shorten(question.action, 100)}</bdi>
        </h3>
        <span className={classes.left} title="then it is denied">
          {left === null ? null : `${formatDuration(Math.round(left))} left`}
        </span>
      </header>
      <div className={classes.body}>
        {question.screenshot_url !== null && (
          <a href={question.screenshot_url} target="_blank" rel="noreferrer" className={classes.picture}>
            {/* biome-ignore lint/performance/noImgElement: a static export has no image server */}
            <img src={question.screenshot_url} alt="What the model saw" loading="lazy" decoding="async" />
          </a>
        )}
        <div className={classes.words}>
          <bdi className={classes.concern}>{shorten(question.concern, 1000)}</bdi>
          {question.explanation !== "" && <bdi className={classes.said}>{shorten(question.explanation, 1000)}</bdi>}
          {question.actions.length > 0 && (
            <ul className={classes.actions} aria-label="What would be done">
              {question.actions.map((action, position) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a question never changes
                <li key={position}>
                  <bdi>{actionInWords(action)}</bdi>
                </li>
              ))}
            </ul>
          )}
          <div className={classes.buttons}>
            <Button
              leftSection={<IconCheck size={14} />}
              loading={answer.isPending && answer.variables}
              disabled={answer.isPending}
              onClick={() => answer.mutate(true)}
            >
              Allow
            </Button>
            <Button
              variant="default"
              leftSection={<IconX size={14} />}
              loading={answer.isPending && !answer.variables}
              disabled={answer.isPending}
              onClick={() => answer.mutate(false)}
            >
              Deny
            </Button>
          </div>
          {answer.error !== null && (
            <p role="alert" className={classes.error}>
              {failureOf(answer.error).detail}
            </p>
          )}
        </div>
      </div>
    </section>
  );
}

/** Counts down from what the server said when it was asked last: by this machine's clock only. */
function useSecondsLeft({ seconds_left }: Question): number | null {
  const now = useNow();
  const [heard, setHeard] = useState<{ left: number; at: number } | null>(null);
  if (now !== null && heard?.left !== seconds_left) setHeard({ left: seconds_left, at: now });
  return now === null || heard === null ? null : Math.max(0, heard.left - (now - heard.at) / 1000);
}
