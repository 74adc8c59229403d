/** Numbers and times as a reader of a dense table wants them: short, of stable width, never a false precision. */
import type { TimeZone } from "./preferences";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const twoDigits = (value: number) => String(value).padStart(2, "0");

function twoParts(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${twoDigits(small)} ${smallUnit}`;
}

/** A stretch of time: `420 ms`, `4.2 s`, `42 s`, `3 min 05 s`, `10 min`, `1 h 02 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return twoParts(Math.floor(whole / MINUTE), "min", whole % MINUTE, "s");
  return twoParts(Math.floor(whole / HOUR), "h", Math.floor((whole % HOUR) / MINUTE), "min");
}

/** A place in a video, as players write it: `0:07`, `12:30`, `1:02:03`. */
export function formatOffset(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / MINUTE) % 60;
  const hours = Math.floor(whole / HOUR);
  const tail = twoDigits(whole % MINUTE);
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** How long ago: `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`; from a week on the date. */
export function formatRelative(iso: string, now: number, zone: TimeZone = "local"): string {
  const time = Date.parse(iso);
  const seconds = Math.max(0, (now - time) / 1000);
  if (seconds < 5) return "now";
  if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  if (seconds < 7 * DAY) return `${Math.floor(seconds / DAY)} d ago`;
  const day = { year: "numeric", month: "short", day: "numeric" } as const;
  return new Date(time).toLocaleDateString(undefined, { ...day, timeZone: NAMES_OF_ZONES[zone] });
}

/** Date and time to the second, in the reader's own zone or in UTC, which is then said. */
export function formatMoment(iso: string, zone: TimeZone = "local"): string {
  const timeZone = NAMES_OF_ZONES[zone];
  const moment = new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone });
  return zone === "utc" ? `${moment} UTC` : moment;
}

const NAMES_OF_ZONES: Record<TimeZone, string | undefined> = { local: undefined, utc: "UTC" };

/** A rate from 0 to 1. Only a perfect one is `100%`, only an empty one `0%`. */
export function formatRate(rate: number): string {
  if (rate <= 0) return "0%";
  if (rate >= 1) return "100%";
  return `${Math.min(99, Math.max(1, Math.round(rate * 100)))}%`;
}

/** `1 rollout`, `12,000 rollouts`. */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? singular : plural}`;
}

/** A size of files: `812 B`, `4.2 kB`, `1.3 GB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let power = 0;
  let value = bytes;
  while (value >= 999.5 && power < units.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${power > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** US dollars as far as they mean something: `$0.0042`, `$1.37`; `unknown` where some of the prices are. */
export function formatCost(dollars: number | null): string {
  if (dollars === null) return "unknown";
  if (dollars === 0) return "$0";
  if (dollars < 0.00005) return "less than $0.0001";
  return `$${dollars < 1 ? dollars.toFixed(4) : dollars.toFixed(2)}`;
}

/** Time that is still to go, without a false precision: `about 4 min`, `about 2 h`. */
export function formatEstimate(seconds: number): string {
  if (seconds < MINUTE) return "less than a minute";
  if (seconds < 90 * MINUTE) return `about ${Math.round(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `about ${Math.round(seconds / HOUR)} h`;
  return `about ${Math.round(seconds / DAY)} d`;
}

/** A day of UTC, `2026-11-30`, as `30 Nov`. */
export function formatDay(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}
