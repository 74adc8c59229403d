/** Text that others wrote (tasks, answers, addresses): shortened and shown, never trusted. */

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`;
}

export function firstLine(text: string): string {
  return text.trimStart().split(/\r?\n/, 1)[0] ?? "";
}

/** JSON on one line, shortened. */
export function compactJson(value: unknown, length = 120): string {
  return shorten(JSON.stringify(value) ?? "null", length);
}

export function prettyJson(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "null";
}

/** The address if a browser may follow it as a link, else null: `javascript:`, `data:` and the like are only shown. */
export function followableUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
}

/** Path, query and fragment of an address; text that is no address stays as it is. */
export function pathOfUrl(text: string): string {
  if (followableUrl(text) === null) return text;
  const url = new URL(text);
  return `${url.pathname}${url.search}${url.hash}`;
}
