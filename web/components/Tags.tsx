import classes from "./Tags.module.css";

/** Words that things are found by; nothing where there are none. */
export function Tags({ tags }: { tags: readonly string[] }) {
  return tags.map((tag) => (
    <span key={tag} className={classes.tag}>
      {tag}
    </span>
  ));
}
