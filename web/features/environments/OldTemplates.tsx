"use client";

import { IconTrash } from "@tabler/icons-react";
import { usePrune, useSuperfluous } from "@/api/environments";
import { failureOf } from "@/api/problem";
import { ConfirmButton } from "@/components/ConfirmButton";
import classes from "@/components/Rows.module.css";
import { Section } from "@/components/Section";
import { formatBytes, formatCount } from "@/lib/format";

/** What is kept of templates that no recipe needs any more, and removing it. */
export function OldTemplates() {
  const query = useSuperfluous();
  const prune = usePrune();
  const free = query.data?.superfluous.filter((each) => !each.in_use) ?? [];
  return (
    <Section
      title="Old templates"
      about="What is kept of recipes as they were before. While something runs from the cache that it lies in, it is in use, and stays."
      aside={
        free.length > 0 && (
          <ConfirmButton
            variant="default"
            leftSection={<IconTrash size={14} />}
            loading={prune.isPending}
            question="Remove old templates?"
            consequence={`${formatCount(free.length, "part")} of templates that no recipe needs will be removed, which frees ${formatBytes(query.data?.free_bytes ?? 0)}. A recipe that is changed back is built anew.`}
            confirmLabel={`Free ${formatBytes(query.data?.free_bytes ?? 0)}`}
            onConfirm={() => prune.mutate(free.map(({ what }) => what))}
          >
            Remove, and free {formatBytes(query.data?.free_bytes ?? 0)}
          </ConfirmButton>
        )
      }
      query={query}
    >
      {({ superfluous }) => (
        <>
          {superfluous.length === 0 ? (
            <p className={classes.empty}>Nothing is left of old templates.</p>
          ) : (
            <ul className={classes.rows} aria-label="Old templates">
              {superfluous.map(({ runtime, what, size_bytes, in_use }) => (
                <li key={`${runtime} ${what}`} className={classes.row}>
                  <code className={classes.grow}>{what}</code>
                  <span className={classes.faint}>
                    {runtime} · {formatBytes(size_bytes)}
                    {in_use && " · in use"}
                  </span>
                </li>
              ))}
            </ul>
          )}
          <p role="status" className={classes.faint}>
            {prune.data !== undefined &&
              `${formatCount(prune.data.removed.length, "part")} removed: ${formatBytes(prune.data.freed_bytes)} freed`}
          </p>
          {prune.error !== null && (
            <p role="alert" className={classes.todo}>
              {failureOf(prune.error).detail}
            </p>
          )}
        </>
      )}
    </Section>
  );
}
