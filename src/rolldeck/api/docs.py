"""The API's documentation as a page: Swagger UI, whose files come from an installed package and not from a CDN."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from rolldeck.api.pages import page_policy

_PACKAGE = "fastapi_offline"  # of which only the files of Swagger UI are used
_FILES_AT = "/docs/files"

_NO_SWAGGER_UI = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><title>Rolldeck API</title>
<h1>Rolldeck API</h1>
<p>The API is described by <a href="/openapi.json">its OpenAPI document</a>.
To try it on this page, <code>pip install fastapi-offline</code> and start Rolldeck again.</p>
</html>
"""


def add_docs(app: FastAPI) -> None:
    """Serve ``/docs``; where Swagger UI is not installed, a page that says how to get it."""
    files = _swagger_ui_files()
    page = _NO_SWAGGER_UI
    if files is not None:
        app.mount(_FILES_AT, StaticFiles(directory=files))
        page = _swagger_ui_page()
    answer = HTMLResponse(page, headers={"Content-Security-Policy": page_policy(page)})

    async def show_docs() -> HTMLResponse:
        return answer

    app.add_api_route("/docs", show_docs, include_in_schema=False)


def _swagger_ui_files() -> Path | None:
    package = find_spec(_PACKAGE)
    return None if package is None or package.origin is None else Path(package.origin).parent / "static"


def _swagger_ui_page() -> str:
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Rolldeck API",
        swagger_js_url=f"{_FILES_AT}/swagger-ui-bundle.js",
        swagger_css_url=f"{_FILES_AT}/swagger-ui.css",
        swagger_favicon_url=f"{_FILES_AT}/favicon.png",
        swagger_ui_parameters={"docExpansion": "list", "defaultModelsExpandDepth": 0},
    )
    return bytes(page.body).decode()
