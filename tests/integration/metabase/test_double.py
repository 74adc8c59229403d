"""What others expect of Metabase, asked of the double: by a client from PyPI, and by requests that Metabase refuses."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from metabase_api import Metabase_API
from metabase_place import Place, running_double, wait_until_well

from rolldeck.environments.composition import HealthCheck
from rolldeck.environments.health import HealthWatch
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.metabase import MetabaseSource, metabase
from rolldeck.environments.recipes.metabase.startup import meaning_of
from rolldeck.environments.runtimes.process.postgres import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMAIL, PASSWORD = "admin@shop.example", "quite-a-secret-1"
RECIPE = metabase(MetabaseSource(shop)).composition


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(cluster: Cluster) -> Place:
    """A database with three rows of fruit, and an empty one for the application."""
    place = Place(cluster)
    await place.make_roles()
    await place.make_database("data")
    await place.execute("CREATE TABLE fruit (id int PRIMARY KEY, name text, price numeric(6, 2))", "data")
    await place.execute("INSERT INTO fruit VALUES (1, 'apple', 1.5), (2, 'pear', 2), (3, 'plum', NULL)", "data")
    await place.make_database("metabase")
    return place


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(place: Place) -> AsyncIterator[httpx2.AsyncClient]:
    """The double, set up over the fruit, and somebody who has not logged in to it."""
    assert RECIPE is not None
    async with running_double(place, RECIPE) as origin:
        await wait_until_well(origin)
        async with httpx2.AsyncClient(base_url=origin, trust_env=False) as http:
            token = (await http.get("/api/session/properties")).json()["setup-token"]
            user = {"email": EMAIL, "password": PASSWORD, "first_name": "A", "last_name": "Admin"}
            prefs = {"site_name": "Fruit", "allow_tracking": False}
            wrong = await http.post("/api/setup", json={"token": "guessed", "user": user, "prefs": prefs})
            assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["token"])
            answer = await http.post("/api/setup", json={"token": token, "user": user, "prefs": prefs})
            assert answer.status_code == 200
            assert set(answer.cookies) == {"metabase.SESSION", "metabase.TIMEOUT"}
            http.cookies.clear()
            again = await http.post("/api/setup", json={"token": token, "user": user, "prefs": prefs})
            assert again.status_code == 403
            yield http


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(http: httpx2.AsyncClient, place: Place) -> Metabase_API:
    """The client from PyPI, logged in, with the fruit as a data source whose sync is complete."""
    client = await asyncio.to_thread(Metabase_API, str(http.base_url), EMAIL, PASSWORD)
    host, port = place.address_inside("postgres")
    details = {"host": host, "port": port, "dbname": "data", "user": "reader", "password": place.secret("reader")}
    database = {"engine": "postgres", "name": "Fruit", "details": {**details, "ssl": False}}
    found = await asyncio.to_thread(client.post, "/api/database", json=database)
    async with asyncio.timeout(20):
        while found["initial_sync_status"] != "complete":
            await asyncio.sleep(0.02)
            found = await asyncio.to_thread(client.get_item_info, "database", found["id"])
    return client


async def test_the_client_finds_the_tables_and_saves_questions_of_them(client: Metabase_API) -> None:
    def ask() -> object:
        assert client.get_item_id("database", "Fruit") == 1
        table = client.get_item_id("table", "fruit")
        assert client.get_db_id_from_table_id(table) == 1
        fields = client.get_table_metadata(table_id=table)["fields"]
        assert [field["name"] for field in fields] == ["id", "name", "price"]
        client.create_card("All fruit", table_name="fruit", column_order="alphabetical")
        return client.get_card_data(card_name="All fruit")

    assert await asyncio.to_thread(ask) == [
        {"id": 1, "name": "apple", "price": 1.5},
        {"id": 2, "name": "pear", "price": 2.0},
        {"id": 3, "name": "plum", "price": None},
    ]


async def test_the_client_asks_a_question_in_sql(client: Metabase_API) -> None:
    question = {"database": 1, "type": "native", "native": {"query": "SELECT count(*) AS n FROM fruit"}}
    answer = await asyncio.to_thread(client.post, "/api/dataset", json=question)
    assert (answer["status"], answer["data"]["rows"], answer["data"]["cols"][0]["name"]) == ("completed", [[3]], "n")


async def test_a_question_that_the_database_refuses_has_failed(client: Metabase_API) -> None:
    question = {"database": 1, "type": "native", "native": {"query": "SELECT * FROM nothing"}}
    answer = await asyncio.to_thread(client.post, "/api/dataset", json=question)
    assert (answer["status"], answer["row_count"]) == ("failed", 0)


async def test_the_client_is_refused_with_a_wrong_password(http: httpx2.AsyncClient) -> None:
    with pytest.raises(Exception, match="401"):
        await asyncio.to_thread(Metabase_API, str(http.base_url), EMAIL, "wrong")


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/api/session", {"username": EMAIL}, "password"),
        ("POST", "/api/session", {"username": EMAIL, "password": PASSWORD, "otp": "1"}, "otp"),
        ("POST", "/api/database", {"name": "x", "engine": "postgres", "details": {}, "sync": True}, "sync"),
        ("POST", "/api/database", {"name": "x", "engine": "oracle", "details": {}}, "engine"),
        ("POST", "/api/database", {"name": "x", "engine": "postgres", "details": {"dbname": "data"}}, "host"),
        ("POST", "/api/user", {"email": "no address"}, "email"),
        ("POST", "/api/user", {"email": "a@b.example", "password": PASSWORD}, "password"),
        ("PUT", "/api/user/1/password", {"password": "short"}, "password"),
        ("POST", "/api/card", {"name": "x", "display": "table", "visualization_settings": {}}, "dataset_query"),
    ],
)
async def test_a_field_that_is_missing_wrong_or_unknown_is_refused_by_name(
    client: Metabase_API, method: str, path: str, body: dict[str, object], field: str
) -> None:
    send = {"POST": client.post, "PUT": client.put}[method]
    answer = await asyncio.to_thread(send, path, "raw", json=body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


@pytest.mark.parametrize("path", ["/api/user/current", "/api/database", "/api/table", "/api/card/1"])
async def test_nobody_is_answered_without_a_session_or_with_a_wrong_one(http: httpx2.AsyncClient, path: str) -> None:
    for headers in ({}, {"X-Metabase-Session": "guessed"}, {"Cookie": "metabase.SESSION=guessed"}):
        assert (await http.get(path, headers=headers)).status_code == 401


async def test_an_endpoint_that_there_is_not_is_no_page(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/api/nothing")).status_code == 404


async def test_a_start_that_hangs_tells_how_far_it_came(place: Place) -> None:
    assert RECIPE is not None
    await place.make_database("hanging")
    watch = HealthWatch("metabase", HealthCheck(path="/api/health", stall_seconds=0), meaning_of)
    async with (
        running_double(place, RECIPE, MB_DB_DBNAME="hanging", DOUBLE_HANGS_AT="0.3") as origin,
        httpx2.AsyncClient(base_url=origin, trust_env=False) as http,
        asyncio.timeout(20),
    ):
        answer = await http.get("/api/health")
        while answer.json()["progress"] < 0.3:
            await asyncio.sleep(0.02)
            answer = await http.get("/api/health")
    assert answer.status_code == 503
    with pytest.raises(Exception, match=r"waits for its application database, or migrates that \(30% of its start\)"):
        watch.is_not_well_yet(answer.text)
