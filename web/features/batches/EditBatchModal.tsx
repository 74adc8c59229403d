"use client";

import { Button, Group, Modal, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useUpdateBatch } from "@/api/batches";
import { failureOf } from "@/api/problem";
import type { Batch, Budget } from "@/api/types";
import { problemAt, problemsElsewhere } from "@/lib/problems";
import classes from "./BatchForm.module.css";
import { BudgetFields } from "./BudgetFields";
import { splitTags } from "./form";

const FIELDS = ["name", "tags", "priority", "budget"];

/** Changes what can be changed of a batch, also while it runs. */
export default function EditBatchModal({ batch, onClose }: { batch: Batch; onClose: () => void }) {
  const [name, setName] = useState(batch.name ?? "");
  const [tags, setTags] = useState(batch.tags.join(", "));
  const [priority, setPriority] = useState(batch.priority);
  const [budget, setBudget] = useState<Budget>(batch.budget);
  const update = useUpdateBatch(batch.id);
  const failure = update.error === null ? null : failureOf(update.error);
  const problems = failure?.errors ?? [];
  const unplaced = failure !== null && (problems.length === 0 || problemsElsewhere(problems, FIELDS).length > 0);

  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    const changes = { tags: splitTags(tags), priority, budget, ...(name.trim() === "" ? {} : { name: name.trim() }) };
    update.mutate(changes, { onSuccess: onClose });
  };

  return (
    <Modal opened onClose={onClose} title="Change the batch" size="sm">
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="Name"
          value={name}
          error={problemAt(problems, "name")}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label="Tags"
          description="with commas between them"
          value={tags}
          error={problemAt(problems, "tags")}
          onChange={(event) => setTags(event.currentTarget.value)}
        />
        <NumberInput
          label="Priority"
          description="from -100 to 100; batches of a higher one go first"
          min={-100}
          max={100}
          allowDecimal={false}
          value={priority}
          error={problemAt(problems, "priority")}
          onChange={(value) => setPriority(typeof value === "number" ? value : 0)}
        />
        <BudgetFields budget={budget} problems={problems} onChange={setBudget} />
        {unplaced && (
          <p role="alert" className={classes.failure}>
            {failure.detail}
          </p>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" loading={update.isPending}>
            Save
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
