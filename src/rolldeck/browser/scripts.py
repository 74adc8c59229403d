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

# Run in a world of its own, where the page's scripts cannot reach it. Resolves, after the page painted twice, to
# how long its DOM has not changed and whether it is loaded.
QUIET = """
(async () => {
  const watch = globalThis.watch ??= (() => {
    const watch = { changed: performance.now() };
    const note = () => { watch.changed = performance.now(); };
    new MutationObserver(note).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    return watch;
  })();
  await new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); setTimeout(done, 100); });
  return JSON.stringify({ seconds: (performance.now() - watch.changed) / 1000, loaded: document.readyState === "complete" });
})()
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
