import { Spoiler } from "@mantine/core";
import classes from "./Instruction.module.css";

/** What the agent is asked, as it was written; a long one unfolds. */
export function Instruction({ text }: { text: string }) {
  return (
    <Spoiler maxHeight={260} showLabel="Show all of it" hideLabel="Show less" classNames={{ control: classes.control }}>
      <p className={classes.text}>{text}</p>
    </Spoiler>
  );
}
