"""``/api/dataset`` and ``/api/card``: questions, asked once or saved."""

import json
from typing import Any

import asyncpg
import warehouse
from asking import body_of, id_of, store_of, user_of
from databases import details_of
from refusals import NOT_FOUND, Refused, expect, wrong
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from store import Row, as_json

_OPTIONAL = ("description", "collection_id", "parameters", "result_metadata", "type", "cache_ttl")


async def dataset(request: Request) -> Response:
    await user_of(request)
    body = expect(await body_of(request), {"database": int, "type": str}, {"native": dict, "query": dict})
    return JSONResponse(await _run(request, body), 202)


async def _run(request: Request, question: dict[str, Any]) -> dict[str, Any]:
    """Run a native query, or all rows of a table; what the database refuses is a failed answer, not an error."""
    details = await details_of(request, question["database"])
    try:
        result = await warehouse.query(details, await _statement(request, question))
    except asyncpg.PostgresError as error:
        return {"status": "failed", "error": f"ERROR: {error}", "row_count": 0, "data": {"rows": [], "cols": []}}
    return {
        "status": "completed",
        "database_id": question["database"],
        "row_count": len(result.rows),
        "data": result.as_data(),
    }


async def _statement(request: Request, question: dict[str, Any]) -> str:
    if question["type"] == "native":
        return str(expect(question.get("native"), {"query": str}, ("template-tags",))["query"])
    if question["type"] != "query":
        raise wrong(type="value must be native or query.")
    asked = expect(question.get("query"), {"source-table": int}, ("fields", "limit"))
    found = await store_of(request).row("SELECT schema, name FROM metabase_table WHERE id = $1", asked["source-table"])
    if found is None:
        raise Refused(*NOT_FOUND)
    return f"SELECT * FROM {warehouse.quoted(found['schema'])}.{warehouse.quoted(found['name'])}"


async def cards(request: Request) -> object:
    await user_of(request)
    found = await store_of(request).rows("SELECT id FROM report_card WHERE NOT archived ORDER BY id")
    return [await _card(request, row["id"]) for row in found]


async def add_card(request: Request) -> object:
    user = await user_of(request)
    required = {"name": str, "display": str, "dataset_query": dict, "visualization_settings": dict}
    body = expect(await body_of(request), required, _OPTIONAL)
    question = expect(body["dataset_query"], {"database": int, "type": str}, {"native": dict, "query": dict})
    row = await store_of(request).row(
        "INSERT INTO report_card (name, description, display, dataset_query, visualization_settings, database_id, "
        "table_id, query_type, collection_id, creator_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        *(body["name"], body.get("description"), body["display"], as_json(question)),
        *(as_json(body["visualization_settings"]), question["database"]),
        *((question.get("query") or {}).get("source-table"), question["type"], body.get("collection_id"), user["id"]),
    )
    assert row is not None
    return await _card(request, row["id"])


async def card(request: Request) -> object:
    await user_of(request)
    return await _card(request, id_of(request))


async def query_card(request: Request) -> object:
    await user_of(request)
    details = await _card(request, id_of(request))
    question = details["dataset_query"]
    result = await warehouse.query(await details_of(request, question["database"]), await _statement(request, question))
    return result.as_records()


async def _card(request: Request, card_id: int) -> Row:
    row = await store_of(request).row("SELECT * FROM report_card WHERE id = $1", card_id)
    if row is None:
        raise Refused(*NOT_FOUND)
    texts = ("dataset_query", "visualization_settings", "result_metadata")
    return {**row, **{name: json.loads(row[name]) for name in texts}}
