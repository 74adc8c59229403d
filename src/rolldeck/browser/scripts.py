"""What runs inside of every page."""

# A new tab or window opens in the one page that the agent sees. What this cannot reach (a middle click, a window with a
# name) opens for a moment and is brought back by ``interruptions``.
ONE_PAGE = """
(() => {
  const isFrame = (name) => {
    if (["_self", "_parent", "_top"].includes(name.toLowerCase())) return true;
    if (name === "" || name.toLowerCase() === "_blank") return false;
    return [window, window.parent, window.top].some((scope) => {
      try { return scope.frames[name].window === scope.frames[name]; } catch { return false; }
    });
  };
  const opensWindow = (target) => target !== null && target !== "" && !isFrame(target);
  const bringHome = (element) => {
    if (opensWindow(element.getAttribute("target"))) element.setAttribute("target", "_top");
  };
  const nativeOpen = window.open.bind(window);
  window.open = (url = "", target = "_blank", features = "") => {
    if (target && isFrame(String(target))) return nativeOpen(url, target, features);
    if (url) window.top.location.assign(new URL(url, document.baseURI).href);
    return /noopener|noreferrer/.test(features) ? null : window.top;
  };
  window.close = () => {};
  document.addEventListener("click", (event) => {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement || node instanceof HTMLAreaElement);
    if (link) bringHome(link);
  }, true);
  document.addEventListener("submit", (event) => {
    bringHome(event.target);
    if (event.submitter && opensWindow(event.submitter.getAttribute("formtarget"))) event.submitter.formTarget = "_top";
  }, true);
  const nativeSubmit = HTMLFormElement.prototype.submit;
  HTMLFormElement.prototype.submit = function () { bringHome(this); nativeSubmit.call(this); };
})();
"""

# Tells ``clipboard`` what is copied or cut, by keys, by a menu or by the page itself: a page that copies something else
# than what is selected has said so by the time that the event has reached the window.
NOTE_COPIES = """
(() => {
  const selected = () => {
    const field = document.activeElement;
    const isField = field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type !== "password");
    return isField ? field.value.slice(field.selectionStart ?? 0, field.selectionEnd ?? 0) : String(getSelection());
  };
  for (const kind of ["copy", "cut"]) {
    addEventListener(kind, (event) => {
      const text = event.defaultPrevented ? event.clipboardData?.getData("text/plain") : selected();
      if (text) window.rolldeckCopied?.(text);
    });
  }
})();
"""

# A <select>'s own menu is a window of the system, which no screenshot shows: have it drawn inside of the page.
VISIBLE_MENUS = """
(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    select:not([multiple], [size]), select:not([multiple], [size])::picker(select) { appearance: base-select !important; }
  `);
  document.adoptedStyleSheets = [sheet, ...document.adoptedStyleSheets];
})();
"""

# Run in a world of its own, where the page's scripts cannot reach it, with how long the page must be quiet and how long it
# is waited for at most, in milliseconds. Resolves to whether the page is loaded and nothing of it has changed for as long:
# neither its DOM nor what its canvases show, and no animation that ends soon is going on. What changes without a pause (a clock,
# a spinner) is an animation that does not end, and is no news after half a second. Resolves also to what the page shows its user in
# windows of the system, which no screenshot shows, or which take no clicks.
SETTLED = """
(async (quiet, longest) => {
  const now = () => performance.now();
  const watch = globalThis.watch ??= (() => {
    const PAUSE = 300, ENDLESS = 500;
    const watch = { changed: now(), pictures: new WeakMap(), restless: new WeakMap() };
    watch.note = (thing, goesOn = now() - (watch.restless.get(thing)?.at ?? -PAUSE) < PAUSE) => {
      const since = goesOn ? watch.restless.get(thing)?.since ?? now() : now();
      watch.restless.set(thing, { since, at: now() });
      if (now() - since < ENDLESS) watch.changed = now();
    };
    new MutationObserver((records) => { for (const thing of new Set(records.map((record) => record.target))) watch.note(thing); })
      .observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    return watch;
  })();
  const glass = watch.glass ??= new OffscreenCanvas(48, 32).getContext("2d", { willReadFrequently: true });
  const picture = (canvas) => {
    try {
      glass.clearRect(0, 0, 48, 32);
      glass.drawImage(canvas, 0, 0, 48, 32);
      return glass.getImageData(0, 0, 48, 32).data.join();
    } catch { return ""; }  // of another origin, or without any size
  };
  const look = () => {
    const canvases = [...document.getElementsByTagName("canvas")].filter((canvas) => canvas.checkVisibility()).slice(0, 16);
    for (const canvas of canvases) {
      const seen = picture(canvas), before = watch.pictures.get(canvas);
      if (seen === before) watch.restless.delete(canvas);
      else watch.note(canvas, true);
      watch.pictures.set(canvas, seen);
    }
    return canvases.length;
  };
  const animated = () => document.getAnimations().some((animation) =>
    animation.playState === "running" && animation.effect?.getComputedTiming().endTime < 1500);
  const unseen = () => {
    const words = [];
    const field = document.activeElement;
    if (field instanceof HTMLInputElement) {
      const suggested = [...(field.list?.options ?? [])].slice(0, 30).map((option) => `“${option.value.slice(0, 60)}”`);
      if (suggested.length) words.push(`The field with the focus suggests ${suggested.join(", ")}.`);
      if (["date", "datetime-local", "month", "week", "time", "color"].includes(field.type))
        words.push("The picker of the field with the focus takes no clicks: type the value, or use the arrow keys, Tab and Enter.");
    }
    const hint = [...document.querySelectorAll(":hover")].pop()?.closest("[title]")?.title;
    if (hint) words.push(`What is under the pointer has the hint “${hint.slice(0, 200)}”.`);
    return words;
  };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const frame = () => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); setTimeout(done, 100); });
  const end = now() + longest;
  const painted = look();
  await frame();
  if (painted) { await pause(quiet / 2); look(); }
  while (now() < end) {
    const left = watch.changed + quiet - now();
    if (left <= 0 && document.readyState === "complete" && !animated()) return { quiet: true, unseen: unseen() };
    await pause(Math.min(Math.max(left, 16), end - now()));
    if (painted) look();
  }
  return { quiet: false, unseen: unseen() };
})
"""

# Rows of a table or an ARIA grid, by header. A grid may draw one row in several parts (pinned columns) and its columns in any
# order: rows are put together by aria-rowindex, columns sorted by aria-colindex.
TABLE_ROWS = """
(table) => {
  const text = (cell) => (cell.innerText ?? "").replace(/\\s+/g, " ").trim();
  const own = (selector) => [...table.querySelectorAll(selector)].filter((row) => row.closest("table, [role=grid], [role=table], [role=treegrid]") === table);
  const HEADER = "th, [role=columnheader]";
  const CELL = "th, td, [role=columnheader], [role=rowheader], [role=gridcell], [role=cell]";
  const cellsOf = (row) => {
    const cells = new Map();
    let next = 1;
    for (const cell of row.querySelectorAll(CELL)) {
      if (cell.closest("tr, [role=row]") !== row) continue;
      const column = Number(cell.getAttribute("aria-colindex")) || next;
      const span = Number(cell.getAttribute("colspan") ?? cell.getAttribute("aria-colspan")) || 1;
      for (let i = 0; i < span; i++) cells.set(column + i, cell);
      next = column + span;
    }
    return cells;
  };
  const rows = new Map();
  own("tr, [role=row]").forEach((row, position) => {
    const index = Number(row.getAttribute("aria-rowindex") ?? row.getAttribute("row-index") ?? NaN);
    const key = Number.isNaN(index) ? `p${position}` : `i${index}`;
    const merged = rows.get(key) ?? { index: Number.isNaN(index) ? position : index, cells: new Map() };
    for (const [column, cell] of cellsOf(row)) merged.cells.set(column, cell);
    rows.set(key, merged);
  });
  const ordered = [...rows.values()].filter((row) => row.cells.size).sort((a, b) => a.index - b.index);
  const isHeading = (row) => [...row.cells.values()].every((cell) => cell.matches(HEADER));
  const heading = ordered.findLast((row, i) => isHeading(row) && ordered.slice(0, i).every(isHeading));
  const columns = heading ? [...heading.cells.keys()].sort((a, b) => a - b) : [];
  const names = new Map();
  for (const column of columns) {
    const name = text(heading.cells.get(column));
    const twins = [...names.values()].filter((other) => other === name || other.startsWith(`${name} (`)).length;
    names.set(column, twins ? `${name} (${twins + 1})` : name);
  }
  const bodies = ordered.slice(heading ? ordered.indexOf(heading) + 1 : 0).filter((row) => !heading || !isHeading(row));
  return bodies.map((row) => Object.fromEntries(
    [...row.cells.entries()].sort((a, b) => a[0] - b[0])
      .filter(([column]) => !heading || names.has(column))
      .map(([column, cell]) => [names.get(column) ?? String(column), text(cell)])));
}
"""
