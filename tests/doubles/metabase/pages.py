"""What a browser sees: a login form, the list of tables, and a table's rows, read anew each time."""

from html import escape

import warehouse
from asking import id_of, store_of, user_of
from databases import details_of
from refusals import NOT_FOUND, Refused
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Metabase</title></head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""
_LOGIN = """<form id="login">
<label>Email address <input name="username" type="email" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button type="submit">Sign in</button><p role="alert"></p></form>
<script>
document.getElementById("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
  const answer = await fetch("/api/session", {method: "POST", headers: {"Content-Type": "application/json"}, body});
  if (answer.ok) { location = "/"; return; }
  event.target.querySelector("[role=alert]").textContent = "did not match stored password";
});
</script>"""


async def login_page(_: Request) -> Response:
    return _page("Sign in to Metabase", _LOGIN)


async def home(request: Request) -> Response:
    """All tables there are; who has not logged in is sent to the login."""
    try:
        user = await user_of(request)
    except Refused:
        return RedirectResponse("/auth/login", 303)
    tables = await store_of(request).rows("SELECT id, name FROM metabase_table WHERE active ORDER BY name")
    links = "".join(f'<li><a href="/table/{row["id"]}">{escape(row["name"])}</a></li>' for row in tables)
    return _page("Our data", f"<p>Signed in as {escape(user['email'])}</p><ul>{links}</ul>")


async def table_page(request: Request) -> Response:
    """The first rows of a table, by its first column."""
    try:
        await user_of(request)
    except Refused:
        return RedirectResponse("/auth/login", 303)
    found = await store_of(request).row("SELECT db_id, schema, name FROM metabase_table WHERE id = $1", id_of(request))
    if found is None:
        raise Refused(*NOT_FOUND)
    place = f"{warehouse.quoted(found['schema'])}.{warehouse.quoted(found['name'])}"
    result = await warehouse.query(
        await details_of(request, found["db_id"]), f"SELECT * FROM {place} ORDER BY 1 LIMIT 200"
    )
    head = "".join(f"<th>{escape(name)}</th>" for name in result.columns)
    rows = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in result.rows)
    return _page(found["name"], f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")


def _cell(value: object) -> str:
    return f"<td>{escape('' if value is None else str(value))}</td>"


def _page(title: str, body: str) -> Response:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body))
