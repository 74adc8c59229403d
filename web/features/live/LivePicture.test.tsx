import { act, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { Stream, type Viewer } from "@/api/stream";
import { StreamProvider } from "@/features/shell/StreamProvider";
import { renderPage } from "@/tests/render";
import { LivePicture } from "./LivePicture";

/** Stands for the stream: who watches, and since when nobody does. */
class Watched extends Stream {
  viewers = new Map<string, Viewer>();
  override start() {}
  override watch(rolloutId: string, viewer: Viewer) {
    this.viewers.set(rolloutId, viewer);
    return () => this.viewers.delete(rolloutId);
  }
}

let comeInSight: (inSight: boolean) => void;

beforeEach(() => {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(seen: (entries: { isIntersecting: boolean }[]) => void) {
        comeInSight = (isIntersecting) => act(() => seen([{ isIntersecting }]));
      }
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  URL.createObjectURL = () => "blob:picture";
  URL.revokeObjectURL = () => {};
  HTMLImageElement.prototype.decode = () => Promise.resolve();
});

it("is watched only while it is in sight", async () => {
  const stream = new Watched();
  renderPage(
    <StreamProvider stream={stream}>
      <LivePicture rolloutId="r" label="Live picture" />
    </StreamProvider>,
  );
  expect(stream.viewers.size).toBe(0);
  comeInSight(true);
  expect(stream.viewers.size).toBe(1);
  await act(() => stream.viewers.get("r")?.show(new Blob(["jpeg"])));
  expect(screen.getByRole("img", { name: "Live picture" }).getAttribute("src")).toBe("blob:picture");
  comeInSight(false);
  expect(stream.viewers.size).toBe(0);
});

it("says why there is no picture, until there is one", async () => {
  const stream = new Watched();
  renderPage(
    <StreamProvider stream={stream}>
      <LivePicture rolloutId="r" label="Live picture" />
    </StreamProvider>,
  );
  comeInSight(true);
  act(() => stream.viewers.get("r")?.told(false, "it waits for a free worker"));
  expect(screen.getByRole("status").textContent).toBe("No live picture: it waits for a free worker");
  await act(() => stream.viewers.get("r")?.show(new Blob(["jpeg"])));
  expect(screen.queryByRole("status")).toBeNull();
});
