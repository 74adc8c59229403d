/** Lines of a chart of rates, and how they are told apart: by colour, by the marks' shape, and by the line's dashes. */

export type Mark = {
  /** Where it is from left to right, from 0 to 1. */
  place: number;
  label: string;
  /** From 0 to 1, as `low` and `high`, which are the ends of its interval where there is one. */
  rate: number;
  low: number | null;
  high: number | null;
  /** How much it is of, and what is left out, in words. */
  basis: string;
  href: string;
};

export type Series = { name: string; marks: readonly Mark[] };

export const MOST_SERIES = 8;

/** Shapes of marks of about the same area, around 0, 0. */
export const SHAPES: readonly string[] = [
  "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
  "M-3.6,-3.6H3.6V3.6H-3.6Z",
  "M0,-5.2L5.2,0L0,5.2L-5.2,0Z",
  "M0,-5L4.9,3.6H-4.9Z",
  "M0,5L4.9,-3.6H-4.9Z",
  "M-1.6,-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z",
  "M0,-5L2.9,-1.6L5,2.9L0,5L-5,2.9L-2.9,-1.6Z",
  "M-5,-2.6H5V2.6H-5Z",
];

export const DASHES: readonly string[] = ["none", "6 3", "2 3", "9 3 2 3", "4 4", "1 4", "12 4", "8 3 2 3 2 3"];

export const styleOf = (position: number) => ({
  color: `var(--series-${position % MOST_SERIES})`,
  shape: SHAPES[position % SHAPES.length] ?? "",
  dashes: DASHES[position % DASHES.length] ?? "none",
});
