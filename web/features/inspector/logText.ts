/** Logs that hostile applications write: without what would colour, move or hide anything, as lines. */
import stripAnsi from "strip-ansi";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export function linesOf(text: string): string[] {
  const plain = stripAnsi(text.replace(/\r\n/g, "\n")).replace(CONTROL_CHARACTERS, "");
  const lines = plain.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The lines that hold a text, however it is written; all of them for no text. */
export function linesWith(lines: readonly string[], wanted: string): readonly string[] {
  const needle = wanted.trim().toLowerCase();
  return needle === "" ? lines : lines.filter((line) => line.toLowerCase().includes(needle));
}
