"""``/api/database`` and ``/api/table``: the data, and what is known of it after a sync."""

import asyncio
import json
from typing import Any

import warehouse
from asking import admin_of, body_of, id_of, store_of, user_of
from refusals import NOT_FOUND, Refused, expect, wrong
from starlette.requests import Request
from starlette.responses import Response
from store import Row, Store, as_json

_OPTIONAL = ("is_full_sync", "is_on_demand", "schedules", "auto_run_queries", "cache_ttl", "connection_source")
_syncs: set[asyncio.Task[None]] = set()


async def databases(request: Request) -> object:
    await user_of(request)
    found = await store_of(request).rows("SELECT id FROM metabase_database ORDER BY id")
    return {"data": [await _database(request, row["id"]) for row in found], "total": len(found)}


async def add_database(request: Request) -> object:
    user = await admin_of(request)
    body = expect(await body_of(request), {"name": str, "engine": str, "details": dict}, _OPTIONAL)
    if body["engine"] != "postgres":
        raise wrong(engine="value must be a valid database engine.")
    details = await warehouse.checked(body["details"])
    row = await store_of(request).row(
        "INSERT INTO metabase_database (name, engine, details, creator_id) VALUES ($1, $2, $3, $4) RETURNING id",
        body["name"],
        body["engine"],
        as_json(details),
        user["id"],
    )
    assert row is not None
    _begin_sync(request, row["id"])
    return await _database(request, row["id"])


async def change_database(request: Request) -> object:
    await admin_of(request)
    known = {"name": str, "engine": str, "details": dict, "description": str, "settings": dict}
    body = expect(await body_of(request), {}, {**known, **dict.fromkeys(_OPTIONAL, object)})
    await details_of(request, id_of(request))
    if "details" in body:
        details = as_json(await warehouse.checked(body["details"]))
        await _update(request, "UPDATE metabase_database SET details = $2 WHERE id = $1", details)
    if "name" in body:
        await _update(request, "UPDATE metabase_database SET name = $2 WHERE id = $1", body["name"])
    return await _database(request, id_of(request))


async def delete_database(request: Request) -> Response:
    await admin_of(request)
    await details_of(request, id_of(request))
    await store_of(request).rows("DELETE FROM metabase_database WHERE id = $1", id_of(request))
    return Response(status_code=204)


async def database(request: Request) -> object:
    await user_of(request)
    return await _database(request, id_of(request))


async def sync_schema(request: Request) -> object:
    await admin_of(request)
    async with warehouse.connected(await details_of(request, id_of(request))):
        pass
    _begin_sync(request, id_of(request))
    return {"status": "ok"}


async def details_of(request: Request, database_id: int) -> dict[str, Any]:
    row = await store_of(request).row("SELECT details FROM metabase_database WHERE id = $1", database_id)
    if row is None:
        raise Refused(*NOT_FOUND)
    details: dict[str, Any] = json.loads(row["details"])
    return details


async def _update(request: Request, statement: str, value: str) -> None:
    await store_of(request).rows(statement, id_of(request), value)


async def _database(request: Request, database_id: int) -> Row:
    store = store_of(request)
    details = await details_of(request, database_id)
    row = await store.row(
        "SELECT id, name, engine, initial_sync_status, is_sample FROM metabase_database WHERE id = $1", database_id
    )
    assert row is not None
    shown = {**details, "password": "**MetabasePass**"}
    found = {**row, "details": shown if (await user_of(request))["is_superuser"] else {}}
    if request.query_params.get("include") == "tables":
        found["tables"] = await store.rows(
            "SELECT id, name, schema, db_id FROM metabase_table WHERE db_id = $1", database_id
        )
    return found


def _begin_sync(request: Request, database_id: int) -> None:
    """Sync in the background, as Metabase does."""
    sync = asyncio.create_task(_sync(store_of(request), database_id, request))
    _syncs.add(sync)
    sync.add_done_callback(_syncs.discard)


async def _sync(store: Store, database_id: int, request: Request) -> None:
    await asyncio.sleep(request.app.state.sync_seconds)
    for column in await warehouse.columns(await details_of(request, database_id)):
        table = await store.row(
            "INSERT INTO metabase_table (db_id, schema, name) VALUES ($1, $2, $3) "
            "ON CONFLICT (db_id, schema, name) DO UPDATE SET active = true RETURNING id",
            *(database_id, column["table_schema"], column["table_name"]),
        )
        assert table is not None
        await store.rows(
            "INSERT INTO metabase_field (table_id, name, database_type, position) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT DO NOTHING",
            *(table["id"], column["column_name"], column["udt_name"], column["ordinal_position"]),
        )
    await store.rows("UPDATE metabase_database SET initial_sync_status = 'complete' WHERE id = $1", database_id)


async def tables(request: Request) -> object:
    await user_of(request)
    found = await store_of(request).rows("SELECT id, name, schema, db_id FROM metabase_table WHERE active ORDER BY id")
    return [{**row, "db": await _database(request, row["db_id"])} for row in found]


async def table(request: Request) -> object:
    await user_of(request)
    found = await store_of(request).row(
        "SELECT id, name, schema, db_id FROM metabase_table WHERE id = $1", id_of(request)
    )
    if found is None:
        raise Refused(*NOT_FOUND)
    return found


async def table_metadata(request: Request) -> object:
    fields = "SELECT id, name, database_type, position FROM metabase_field WHERE table_id = $1 ORDER BY position"
    return {**(await table(request)), "fields": await store_of(request).rows(fields, id_of(request))}  # type: ignore[dict-item]
