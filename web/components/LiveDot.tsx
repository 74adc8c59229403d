import classes from "./LiveDot.module.css";

export function LiveDot({ label }: { label?: string }) {
  return label ? (
    <span className={classes.dot} role="img" aria-label={label} title={label} />
  ) : (
    <span className={classes.dot} aria-hidden />
  );
}
