import { describe, expect, it } from "vitest";
import { emptyAtEnd, hasMore, ListPages, pagesOf, placeOf, rowCount, rowsThatFit } from "./pages";

const read = (size: number, next: string | null, first = "a") => ({ size, first, next });

describe("what is known of a list", () => {
  it("is nothing but that a page follows, before any was read", () => {
    const { known } = new ListPages();
    expect([rowCount(known), hasMore(known)]).toEqual([0, true]);
    expect(placeOf(known, 0)).toEqual({ page: 0, offset: 0 });
  });

  it("grows page by page until one is the last", () => {
    const list = new ListPages();
    list.pageRead(0, read(100, "x"));
    list.pageRead(1, read(30, "y"));
    expect(placeOf(list.known, 99)).toEqual({ page: 0, offset: 99 });
    expect(placeOf(list.known, 100)).toEqual({ page: 1, offset: 0 });
    expect(placeOf(list.known, 130)).toEqual({ page: 2, offset: 0 });
    list.pageRead(2, read(1, null));
    expect([rowCount(list.known), hasMore(list.known)]).toEqual([131, false]);
  });

  it("is the same object when a page says nothing new, so that nothing is drawn again", () => {
    const list = new ListPages();
    list.pageRead(0, read(100, "x"));
    const { known } = list;
    list.pageRead(0, read(100, "x"));
    expect(list.known).toBe(known);
  });

  it("forgets what followed a page that ends elsewhere now", () => {
    const list = new ListPages();
    list.pageRead(0, read(100, "x"));
    list.pageRead(1, read(100, "y"));
    list.pageRead(0, read(100, "z"));
    expect([rowCount(list.known), list.known.starts]).toEqual([100, [null, "z"]]);
  });

  it("keeps its first page in sight while the list is begun anew", () => {
    const list = new ListPages();
    list.pageRead(0, read(100, "x"));
    list.pageRead(1, read(100, "y"));
    list.renew();
    expect([rowCount(list.known), hasMore(list.known), list.known.read]).toEqual([100, false, 1]);
    list.pageRead(0, read(100, "x", "b"));
    expect([list.known.first, hasMore(list.known)]).toEqual(["b", true]);
  });

  it("says how long a search has found nothing", () => {
    const list = new ListPages();
    list.pageRead(0, read(3, "x"));
    list.pageRead(1, read(0, "y"));
    list.pageRead(2, read(0, "z"));
    expect(emptyAtEnd(list.known)).toBe(2);
  });
});

it("a list of the same query is the same list, so that a person comes back to it as it was", () => {
  expect(pagesOf({ agent: "noop" })).toBe(pagesOf({ agent: "noop" }));
  expect(pagesOf({ agent: "noop" })).not.toBe(pagesOf({ agent: "oracle" }));
});

it("a million rows of a desk's height fit into what browsers lay out", () => {
  expect(rowsThatFit(1_000_000, 33)).toBe(1_000_000);
  expect(rowsThatFit(1_000_000, 62)).toBeLessThan(1_000_000);
});
