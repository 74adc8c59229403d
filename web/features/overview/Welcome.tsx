import { Button, FileButton } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { CodeBlock } from "@/components/Json";
import { Logo } from "@/features/shell/Logo";
import classes from "./Welcome.module.css";

const EXAMPLE = `[
  {
    "id": "q1",
    "task": "Which product sold best in 2023? Answer as {\\"product\\": name}.",
    "answer": {"product": "Aerodynamic Bronze Hat"}
  }
]`;

/** The first thing that a new installation shows: how to begin. */
export function Welcome({ onUpload }: { onUpload: (file: File) => void }) {
  return (
    <section className={classes.welcome}>
      <Logo size={40} />
      <h1 className={classes.title}>Begin with a tasks.json</h1>
      <p className={classes.lead}>
        Each task says what an agent is to do in a real web application, and what the right answer is. Every rollout of
        it gets a fresh environment, is recorded as video, and is verified field by field.
      </p>
      <div className={classes.actions}>
        <FileButton onChange={(file) => file !== null && onUpload(file)} accept=".json,application/json">
          {(props) => (
            <Button {...props} size="sm" leftSection={<IconUpload size={16} />}>
              Choose a tasks.json
            </Button>
          )}
        </FileButton>
        <span className={classes.or}>or drop it anywhere on this page</span>
      </div>
      <ol className={classes.steps}>
        <li>
          <strong>Upload tasks.</strong> This is all that a task needs; <code>examples/shop/tasks.json</code> of the
          checkout holds more.
          <CodeBlock text={EXAMPLE} label="A minimal tasks.json" />
        </li>
        <li>
          <strong>Start rollouts.</strong> Open a task, choose an agent and a count; or select several tasks at once.
        </li>
        <li>
          <strong>Watch and compare.</strong> The video runs beside the agent’s steps; the answer stands beside the
          expected one.
        </li>
      </ol>
    </section>
  );
}
