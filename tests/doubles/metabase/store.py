"""The double's application database: Metabase's tables, as far as the double and state checks need them."""

import hashlib
import json
import secrets
import uuid
from typing import Any

import asyncpg
from refusals import UNAUTHENTICATED, Refused

Row = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS databasechangelog (id text PRIMARY KEY, dateexecuted timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS setting (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS core_user (
    id serial PRIMARY KEY, email text NOT NULL UNIQUE, first_name text, last_name text,
    password text NOT NULL, password_salt text NOT NULL,
    is_superuser boolean NOT NULL DEFAULT false, is_active boolean NOT NULL DEFAULT true,
    date_joined timestamptz NOT NULL DEFAULT now(), last_login timestamptz
);
CREATE TABLE IF NOT EXISTS core_session (
    id text PRIMARY KEY, key_hashed text NOT NULL UNIQUE, user_id integer NOT NULL REFERENCES core_user (id),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS metabase_database (
    id serial PRIMARY KEY, name text NOT NULL, engine text NOT NULL, details text NOT NULL,
    initial_sync_status text NOT NULL DEFAULT 'incomplete', is_sample boolean NOT NULL DEFAULT false, creator_id integer
);
CREATE TABLE IF NOT EXISTS metabase_table (
    id serial PRIMARY KEY, db_id integer NOT NULL REFERENCES metabase_database (id) ON DELETE CASCADE,
    schema text NOT NULL, name text NOT NULL, active boolean NOT NULL DEFAULT true, UNIQUE (db_id, schema, name)
);
CREATE TABLE IF NOT EXISTS metabase_field (
    id serial PRIMARY KEY, table_id integer NOT NULL REFERENCES metabase_table (id) ON DELETE CASCADE,
    name text NOT NULL, database_type text NOT NULL, position integer NOT NULL, UNIQUE (table_id, name)
);
CREATE TABLE IF NOT EXISTS report_card (
    id serial PRIMARY KEY, name text NOT NULL, description text, display text NOT NULL, dataset_query text NOT NULL,
    visualization_settings text NOT NULL, database_id integer, table_id integer, query_type text,
    collection_id integer, archived boolean NOT NULL DEFAULT false, creator_id integer NOT NULL,
    result_metadata text NOT NULL DEFAULT '[]', created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS report_dashboard (
    id serial PRIMARY KEY, name text NOT NULL, description text, archived boolean NOT NULL DEFAULT false,
    creator_id integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS report_dashboardcard (
    id serial PRIMARY KEY, dashboard_id integer NOT NULL REFERENCES report_dashboard (id),
    card_id integer REFERENCES report_card (id), created_at timestamptz NOT NULL DEFAULT now()
);
"""


class Store:
    """All that outlives a request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def connect(cls, **address: Any) -> "Store":
        """Connect to the application database; nothing in it is touched yet."""
        return cls(await asyncpg.create_pool(min_size=1, max_size=4, timeout=10, **address))

    async def close(self) -> None:
        await self._pool.close()

    async def boots(self) -> int:
        """Count this start of the double, and return how many there were before it."""
        await self._pool.execute("CREATE TABLE IF NOT EXISTS double_boot (at timestamptz NOT NULL DEFAULT now())")
        await self._pool.execute("INSERT INTO double_boot DEFAULT VALUES")
        return int(await self._pool.fetchval("SELECT count(*) - 1 FROM double_boot"))

    async def migrate(self) -> None:
        """Make the tables that are missing, and a setup token where nobody has set the application up."""
        await self._pool.execute(_SCHEMA)
        await self._pool.execute("INSERT INTO databasechangelog (id) VALUES ('v1') ON CONFLICT DO NOTHING")
        await self._pool.execute(
            "INSERT INTO setting (key, value) VALUES ('setup-token', $1) ON CONFLICT DO NOTHING", str(uuid.uuid4())
        )

    async def rows(self, query: str, *arguments: object) -> list[Row]:
        return [dict(record) for record in await self._pool.fetch(query, *arguments)]

    async def row(self, query: str, *arguments: object) -> Row | None:
        record = await self._pool.fetchrow(query, *arguments)
        return None if record is None else dict(record)

    async def setting(self, key: str) -> str | None:
        found: str | None = await self._pool.fetchval("SELECT value FROM setting WHERE key = $1", key)
        return found

    async def set(self, key: str, value: str) -> None:
        await self._pool.execute(
            "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    async def has_user(self) -> bool:
        return bool(await self._pool.fetchval("SELECT EXISTS (SELECT FROM core_user)"))

    async def add_user(
        self, email: str, password: str | None, first_name: str | None, last_name: str | None, *, is_superuser: bool
    ) -> int:
        """Add a user; without a password nobody can log in as them yet."""
        salt = secrets.token_hex(16)
        user = await self._pool.fetchval(
            "INSERT INTO core_user (email, first_name, last_name, password, password_salt, is_superuser) "
            "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            email.lower(),
            first_name,
            last_name,
            _hashed(password or secrets.token_hex(32), salt),
            salt,
            is_superuser,
        )
        return int(user)

    async def set_password(self, user_id: int, password: str) -> None:
        """Change a password, which ends all sessions of the user."""
        salt = secrets.token_hex(16)
        await self._pool.execute(
            "UPDATE core_user SET password = $2, password_salt = $3 WHERE id = $1",
            user_id,
            _hashed(password, salt),
            salt,
        )
        await self._pool.execute("DELETE FROM core_session WHERE user_id = $1", user_id)

    async def user_with_password(self, email: str, password: str) -> Row | None:
        user = await self.row("SELECT * FROM core_user WHERE email = $1 AND is_active", email.lower())
        if user is None or _hashed(password, user["password_salt"]) != user["password"]:
            return None
        return user

    async def begin_session(self, user_id: int) -> str:
        key = str(uuid.uuid4())
        await self._pool.execute(
            "INSERT INTO core_session (id, key_hashed, user_id) VALUES ($1, $2, $3)",
            secrets.token_hex(8),
            _key_hash(key),
            user_id,
        )
        await self._pool.execute("UPDATE core_user SET last_login = now() WHERE id = $1", user_id)
        return key

    async def end_session(self, key: str) -> None:
        await self._pool.execute("DELETE FROM core_session WHERE key_hashed = $1", _key_hash(key))

    async def user_of_session(self, key: str | None) -> Row:
        user = await self.row(
            "SELECT core_user.* FROM core_user JOIN core_session ON user_id = core_user.id WHERE key_hashed = $1",
            _key_hash(key or ""),
        )
        if user is None:
            raise Refused(*UNAUTHENTICATED)
        return user


def as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _hashed(password: str, salt: str) -> str:
    return hashlib.scrypt((salt + password).encode(), salt=salt.encode(), n=1024, r=8, p=1).hex()


def _key_hash(key: str) -> str:
    return hashlib.sha512(key.encode()).hexdigest()
