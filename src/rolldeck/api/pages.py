"""The pages that the server shows: the exported dashboard, and the API's documentation. None needs another host."""

import base64
import hashlib
from html.parser import HTMLParser
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from rolldeck.domain.errors import NotFound

_NO_DASHBOARD = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><title>Rolldeck: no dashboard yet</title>
<h1>The dashboard is not built yet</h1>
<p>Run <code>make install</code> in Rolldeck's folder, then start Rolldeck again. It needs Node 20.9 or newer.</p>
<p>The API works: <a href="/docs">its documentation</a>.</p>
</html>
"""


def add_dashboard(app: FastAPI, web_dir: Path | None) -> dict[str, str]:
    """Serve the exported dashboard, or where there is none, a page that says how to get it.

    Returns the content security policy of each page by its path, and that of the page for unknown paths as ``404``.
    """
    # Registered last and so asked last: without it an unknown address of the API would be answered with a page.
    app.add_api_route("/api/{unknown:path}", _nothing_there, include_in_schema=False)
    if web_dir is None or not (web_dir / "index.html").is_file():
        app.add_api_route("/", _say_how_to_build, include_in_schema=False)
        return {}
    has_404 = (web_dir / "404.html").is_file()
    app.frontend("/", directory=web_dir, fallback="404.html" if has_404 else None)
    return _policies(web_dir)


async def _nothing_there(unknown: str) -> None:
    raise NotFound(f"There is nothing at /api/{unknown}")


async def _say_how_to_build() -> HTMLResponse:
    return HTMLResponse(_NO_DASHBOARD, headers={"Content-Security-Policy": page_policy(_NO_DASHBOARD)})


def _policies(web_dir: Path) -> dict[str, str]:
    policies: dict[str, str] = {}
    for file in web_dir.rglob("*.html"):
        policy = page_policy(file.read_text("utf-8"))
        path = "/" + file.relative_to(web_dir).as_posix()
        policies[path] = policy
        if file.name == "index.html":
            policies[path.removesuffix("index.html")] = policy
        if path == "/404.html":
            policies["404"] = policy
    return policies


def page_policy(html: str) -> str:
    """Return a policy that lets a page load from its own origin, and run the inline scripts that are in it now."""
    scripts = _InlineScripts()
    scripts.feed(html)
    scripts.close()
    allowed = " ".join(["'self'", *dict.fromkeys(_source_hash(script) for script in scripts.found)])
    return (
        f"default-src 'self'; script-src {allowed}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _source_hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


class _InlineScripts(HTMLParser):
    """Collects the text of ``<script>`` elements without ``src``, exactly as browsers hash it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" not in dict(attrs):
            self._open = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1] += data
