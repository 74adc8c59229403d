/**
 * Which pages of a list are known: where each begins, and how many rollouts it has. A page begins where the one before ended, so
 * that whatever is queued meanwhile moves none of them. Kept beside the components, so that a person who comes back finds the list
 * as it was.
 */
import type { RolloutQuery } from "@/api/types";

export const ROLLOUTS_A_PAGE = 100;
/** Browsers lay out no higher element than some 33 million pixels. */
const HIGHEST_PX = 33_000_000;
const LISTS_KEPT = 20;
const OLD_MS = 120_000;

/**
 * `starts` has one more than `sizes` while another page follows that was not read yet. `first` is the rollout that the list begins with,
 * `read` how often it was begun anew.
 */
export type Known = {
  readonly starts: readonly (string | null)[];
  readonly sizes: readonly number[];
  readonly first: string | null;
  readonly read: number;
};

const UNREAD: Known = { starts: [null], sizes: [], first: null, read: 0 };

/** What a page is: how many rollouts it has, the first of them, and where the next page begins. */
export type PageRead = { size: number; first: string | null; next: string | null };

/** What is known when a page was read; the same object where it says nothing new. */
export function withPage(known: Known, page: number, { size, first, next }: PageRead): Known {
  if (page >= known.starts.length) return known;
  const follows = next === null ? [] : [next];
  const isNews = known.sizes[page] !== size || (known.starts[page + 1] ?? null) !== next;
  if (!isNews && (page > 0 || known.first === first)) return known;
  return {
    ...known,
    first: page === 0 ? first : known.first,
    sizes: [...known.sizes.slice(0, page), size],
    starts: [...known.starts.slice(0, page + 1), ...follows],
  };
}

export function rowCount(known: Known): number {
  return known.sizes.reduce((sum, size) => sum + size, 0);
}

export function hasMore(known: Known): boolean {
  return known.starts.length > known.sizes.length;
}

/** How many of the last pages were empty: a search that goes on without having found anything more. */
export function emptyAtEnd(known: Known): number {
  return known.sizes.length - 1 - known.sizes.findLastIndex((size) => size > 0);
}

/** Of a row, the page that has it and its place there; rows beyond those that are known are of the page that follows. */
export function placeOf(known: Known, row: number): { page: number; offset: number } {
  let before = 0;
  for (const [page, size] of known.sizes.entries()) {
    if (row < before + size) return { page, offset: row - before };
    before += size;
  }
  return { page: known.sizes.length, offset: row - before };
}

/** As many rows as a browser can lay out. */
export function rowsThatFit(rows: number, rowHeight: number): number {
  return Math.min(rows, Math.floor(HIGHEST_PX / rowHeight));
}

/** One list, as far as it was read. */
export class ListPages {
  #known = UNREAD;
  #begunAt = Date.now();
  #listeners = new Set<() => void>();

  get known(): Known {
    return this.#known;
  }

  /** Whether it was begun so long ago that whoever opens it wants it anew. */
  get isOld(): boolean {
    return Date.now() - this.#begunAt > OLD_MS;
  }

  listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  pageRead(page: number, read: PageRead): void {
    this.#set(withPage(this.#known, page, read));
  }

  /** Begins anew: all pages are read again. The first one stays in sight until it was. */
  renew(): void {
    this.#begunAt = Date.now();
    const { sizes, first, read } = this.#known;
    this.#set({ starts: [null], sizes: sizes.slice(0, 1), first, read: read + 1 });
  }

  #set(known: Known): void {
    if (known === this.#known) return;
    this.#known = known;
    for (const listener of this.#listeners) listener();
  }
}

const lists = new Map<string, ListPages>();

/** The list of a query: the same one for the same query, as long as it is one of the last that were looked at. */
export function pagesOf(query: RolloutQuery): ListPages {
  const key = JSON.stringify(query);
  const pages = lists.get(key) ?? new ListPages();
  lists.delete(key);
  lists.set(key, pages);
  for (const oldest of lists.keys()) {
    if (lists.size <= LISTS_KEPT) break;
    lists.delete(oldest);
  }
  return pages;
}
