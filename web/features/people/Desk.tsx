"use client";

import { Button, Modal } from "@mantine/core";
import { IconBan } from "@tabler/icons-react";
import Link from "next/link";
import { usePeopleOf } from "@/api/people";
import { failureOf } from "@/api/problem";
import { useCancelRollout, useRollout } from "@/api/queries";
import type { Rollout } from "@/api/types";
import { LastAction } from "@/features/live/LastAction";
import { OutcomeBadge } from "@/features/rollouts/OutcomeBadge";
import { isLive } from "@/features/rollouts/outcome";
import { useRolloutEvents } from "@/features/shell/StreamProvider";
import { formatCount } from "@/lib/format";
import { ActingPicture } from "./ActingPicture";
import { AnswerForm } from "./AnswerForm";
import classes from "./Desk.module.css";
import { QuestionCard } from "./QuestionCard";
import { TakeoverBar } from "./TakeoverBar";
import { useTakeover } from "./useTakeover";

/** A running rollout enlarged: to watch, to answer what it asks, to take it over, to cancel. */
export default function Desk({ rolloutId, onClose }: { rolloutId: string; onClose: () => void }) {
  useRolloutEvents(rolloutId);
  const { data: rollout, error } = useRollout(rolloutId);
  return (
    <Modal.Root opened onClose={onClose} size="1180px" centered closeOnEscape={false} returnFocus>
      <Modal.Overlay backgroundOpacity={0.45} blur={2} />
      <Modal.Content aria-label="A running rollout">
        <div className={classes.header}>
          {rollout !== undefined && <Heading rollout={rollout} />}
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>
          {rollout !== undefined && <Body rollout={rollout} />}
          {error !== null && <p role="alert">{failureOf(error).detail}</p>}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Heading({ rollout }: { rollout: Rollout }) {
  const cancel = useCancelRollout();
  return (
    <div className={classes.heading}>
      <h2 className={classes.title}>{rollout.task_id}</h2>
      <OutcomeBadge rollout={rollout} />
      <span>{rollout.agent}</span>
      {rollout.model !== null && <span>{rollout.model}</span>}
      <span>{formatCount(rollout.steps, "step")}</span>
      <Link href={`/rollout/?id=${rollout.id}`} className={classes.link} prefetch={false}>
        Page of the rollout
      </Link>
      {isLive(rollout.status) && (
        <Button
          variant="default"
          leftSection={<IconBan size={14} />}
          loading={cancel.isPending}
          disabled={rollout.cancel_requested}
          onClick={() => cancel.mutate(rollout.id)}
        >
          {rollout.cancel_requested ? "Cancelling" : "Cancel"}
        </Button>
      )}
      {cancel.error !== null && <span role="alert">{failureOf(cancel.error).detail}</span>}
    </div>
  );
}

function Body({ rollout }: { rollout: Rollout }) {
  const control = useTakeover(rollout.id);
  const { questions } = usePeopleOf(rollout.id);
  const acts = rollout.status === "running" && (control.takeover?.is_agent ?? false);
  return (
    <div className={classes.body}>
      {questions.map((question) => (
        <QuestionCard key={question.id} question={question} />
      ))}
      {rollout.status === "running" && <TakeoverBar control={control} />}
      <div className={classes.columns} data-agent={acts || undefined}>
        <div className={classes.page}>
          <ActingPicture
            rolloutId={rollout.id}
            label={`Live picture of ${rollout.task_id}`}
            act={control.canAct && !control.answered ? control.act : null}
          />
          {control.canAct && (
            <p className={classes.hint}>
              Click, drag, turn the wheel and type on the picture: it happens in the page, and each is a step. Shift+Esc
              leaves the picture.
            </p>
          )}
          <LastAction rollout={rollout} />
        </div>
        {acts && <AnswerForm rollout={rollout} control={control} />}
      </div>
    </div>
  );
}
