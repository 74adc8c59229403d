"""Superset as a preloadable application: build the template, warm up, become one environment.

This file runs inside Superset's own virtual environment and knows nothing of Rolldeck. What calls it is described in
``rolldeck.environments.recipe.PythonApplication``.
"""

# mypy: ignore-errors
# These libraries live in Superset's virtual environment, not in Rolldeck's.

import gc
import os
import random
import shutil
import sqlite3
from pathlib import Path

METADATA = "metadata.sqlite"
AGENT = "agent"
SCHEMA = "public"
# Stored in the template and shown to the agent; where connections really go is decided when one is made.
DATA_SOURCE_URI = "postgresql+psycopg2://reader@postgres/{name}"


def build(directory, data, report):
    """Make the template's files in ``directory`` from the data that ``data`` connects to.

    ``report`` is told the name of each step before it begins.
    """
    report("migrate Superset's metadata")
    app = _create_app(directory / METADATA)
    _connect_data(app, data)
    with app.app_context():
        from flask_migrate import upgrade  # noqa: PLC0415

        upgrade()
        report("create roles and the agent's account")
        _create_roles_and_agent()
        report("register datasets")
        _register_datasets(data["name"])
    _forget_connections(app)
    _compact(directory / METADATA)


def warm_up(template, scratch, data):
    """Return the application with everything loaded that a fork can inherit, and no connection open."""
    shutil.copyfile(template / METADATA, scratch / METADATA)
    app = _create_app(scratch / METADATA)
    _connect_data(app, data)
    _exercise(app)
    _forget_connections(app)
    gc.collect()
    gc.freeze()
    return app


def adopt(app, instance):
    """Turn the forked, warm application into one environment; return the WSGI application and the login cookies."""
    random.seed()
    app.secret_key = instance["secret"]
    app.config["SQLALCHEMY_DATABASE_URI"] = _uri(Path(instance["directory"]) / METADATA)
    _connect_data(app, instance["data"])
    with app.app_context():
        from superset.extensions import db  # noqa: PLC0415
        from superset.utils.core import pessimistic_connection_handling  # noqa: PLC0415

        pessimistic_connection_handling(db.engine)
    return app, {app.config["SESSION_COOKIE_NAME"]: _session_cookie(app)}


def start_cold(template, instance):
    """Start the same server without anything prepared, as a measure of what the fork saves."""
    return adopt(_create_app(template / METADATA), instance)


def _create_app(metadata):
    os.environ["ROLLDECK_METADATA_URI"] = _uri(metadata)
    os.environ["SUPERSET_CONFIG_PATH"] = str(Path(__file__).with_name("configuration.py"))
    from superset.app import create_app  # noqa: PLC0415

    return create_app()


def _uri(metadata):
    return f"sqlite:///{metadata}?check_same_thread=false&timeout=15"


def _connect_data(app, data):
    """Send every connection of the data source to the environment's own database, with its own role and password."""

    def connect_to_own_database(uri, params, username, security_manager, source):  # noqa: ARG001
        own = uri.set(
            host=None,
            port=None,
            username=data["user"],
            password=data["password"],
            database=data["database"],
            query={**uri.query, "host": data["host"], "port": str(data["port"])},
        )
        return own, params

    app.config["DB_CONNECTION_MUTATOR"] = connect_to_own_database


def _session_cookie(app):
    from superset import security_manager  # noqa: PLC0415

    with app.app_context():
        user_id = str(security_manager.find_user(AGENT).id)
        _forget_session()
    session = {"_fresh": True, "_user_id": user_id}
    return app.session_interface.get_signing_serializer(app).dumps(session)


def _create_roles_and_agent():
    from superset import appbuilder, security_manager  # noqa: PLC0415

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    # Not an Admin: an Admin could add a connection as another role.
    roles = [security_manager.find_role(name) for name in ("Alpha", "sql_lab")]
    password = os.urandom(32).hex()  # nobody needs it: the agent starts logged in
    if not security_manager.add_user(AGENT, "Alex", "Agent", "agent@example.org", roles, password):
        raise RuntimeError("Superset did not create the agent's account")


def _register_datasets(name):
    from superset import db, security_manager  # noqa: PLC0415
    from superset.commands.database.utils import add_permissions  # noqa: PLC0415
    from superset.connectors.sqla.models import SqlaTable  # noqa: PLC0415
    from superset.models.core import Database  # noqa: PLC0415
    from superset.sql.parse import Table  # noqa: PLC0415

    agent = security_manager.find_user(AGENT)
    database = Database(database_name=name, expose_in_sqllab=True)
    database.set_sqlalchemy_uri(DATA_SOURCE_URI.format(name=name))
    db.session.add(database)
    db.session.commit()
    add_permissions(database)
    catalog = database.get_default_catalog()
    for table, _, _ in sorted(database.get_all_table_names_in_schema(catalog, SCHEMA)):
        # Only its owner can edit a dataset.
        dataset = SqlaTable(table_name=table, schema=SCHEMA, catalog=catalog, database=database, owners=[agent])
        db.session.add(dataset)
        dataset.fetch_metadata()
        dataset.main_dttm_col = _main_time(dataset.columns)
        dataset.description = database.get_table_comment(Table(table, SCHEMA, catalog))
    db.session.commit()


def _main_time(columns):
    """Return the first column that holds a moment, else the first that holds a day."""
    times = [column for column in columns if column.is_dttm]
    times.sort(key=lambda column: not str(column.type).upper().startswith("TIMESTAMP"))
    return times[0].column_name if times else None


def _exercise(app):
    """Use what an agent will use, so that all of it is imported, compiled and cached before the fork."""
    client = app.test_client()
    name, value = app.config["SESSION_COOKIE_NAME"], _session_cookie(app)
    client.set_cookie(name, value)
    for path in _PAGES:
        _expect_success(path, client.get(path))
    token = client.get("/api/v1/security/csrf_token/").json["result"]
    headers = {"X-CSRFToken": token}
    dataset = client.get("/api/v1/dataset/1").json["result"]
    for path, body in _questions(dataset):
        _expect_success(path, client.post(path, json=body, headers=headers))
    chart = client.post("/api/v1/chart/", json=_chart(dataset), headers=headers).json["id"]
    dashboard = client.post("/api/v1/dashboard/", json={"dashboard_title": "warm-up"}, headers=headers).json["id"]
    for path in (f"/explore/?slice_id={chart}", f"/superset/dashboard/{dashboard}/", f"/api/v1/dashboard/{dashboard}"):
        _expect_success(path, client.get(path))


_PAGES = (
    "/health",
    "/superset/welcome/",
    "/dashboard/list/",
    "/chart/list/",
    "/chart/add",
    "/tablemodelview/list/",
    "/savedqueryview/list/",
    "/sqllab/",
    "/explore/?datasource_type=table&datasource_id=1",
    "/api/v1/explore/?datasource_type=table&datasource_id=1",
    "/api/v1/me/",
    "/api/v1/me/roles/",
    "/api/v1/log/recent_activity/?q=(page_size:6)",
    "/api/v1/database/",
    "/api/v1/database/1",
    "/api/v1/database/1/schemas/?q=(force:!f)",
    "/api/v1/database/1/tables/?q=(force:!f,schema_name:public)",
    "/api/v1/dataset/",
    "/api/v1/dataset/_info?q=(keys:!(permissions))",
    "/api/v1/chart/",
    "/api/v1/chart/_info?q=(keys:!(permissions))",
    "/api/v1/dashboard/",
    "/api/v1/dashboard/_info?q=(keys:!(permissions))",
    "/api/v1/saved_query/",
    "/api/v1/query/",
    "/api/v1/sqllab/",
)


def _questions(dataset):
    datasource = {"id": dataset["id"], "type": "table"}
    samples = {"columns": [dataset["columns"][0]["column_name"]], "row_limit": 5, "metrics": []}
    counts = {"columns": [], "row_limit": 5, "metrics": ["count"]}
    query = {
        "database_id": 1,
        "sql": "SELECT 1 AS one",
        "runAsync": False,
        "schema": SCHEMA,
        "client_id": "warmup00001",
    }
    return (
        ("/api/v1/chart/data", {"datasource": datasource, "queries": [samples, counts], "result_type": "full"}),
        ("/api/v1/sqllab/execute/", query),
    )


def _chart(dataset):
    return {
        "slice_name": "warm-up",
        "viz_type": "table",
        "datasource_id": dataset["id"],
        "datasource_type": "table",
        "params": "{}",
    }


def _expect_success(path, response):
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status}: {response.get_data(as_text=True)[:2000]}")


def _forget_session():
    from superset.extensions import db  # noqa: PLC0415

    db.session.remove()


def _forget_connections(app):
    """Close what must not be shared by a fork."""
    with app.app_context():
        from superset.extensions import db  # noqa: PLC0415

        db.session.remove()
        db.engine.dispose()


def _compact(metadata):
    """Leave one small file in WAL mode, without a log beside it: an environment is a copy of it."""
    connection = sqlite3.connect(metadata, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
