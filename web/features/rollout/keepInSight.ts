/** Scrolls the box that a row stands in (the closest one that `box` selects) so that it is seen, and nothing around that box. */
export function keepInSight(row: HTMLElement | null, box: string): void {
  const list = row?.closest<HTMLElement>(box);
  if (row === null || !list) return;
  const above = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
  const below = row.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom;
  if (above < 0) list.scrollTop += above;
  else if (below > 0) list.scrollTop += Math.min(below, above);
}
