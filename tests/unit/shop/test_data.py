"""The generator's promises: the same bytes everywhere, and tables that fit together."""

import csv
import hashlib
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from rolldeck.environments.recipes import shop

# Changes with every change of the data; the examples' answers must then be looked at again.
ALL_BYTES = "e119937fe836ee51e30a22cc9ccdac0b3cbdfe6d5222f0aa125c4b181e53f92a"
ROWS = {
    "products": 200,
    "people": 2600,
    "orders": 19_000,
    "reviews": 1400,
    "accounts": 640,
    "invoices": 7491,
    "feedback": 900,
}

Rows = list[dict[str, str]]


def digest(directory: Path) -> str:
    everything = hashlib.sha256()
    for path in sorted(directory.iterdir()):
        everything.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return everything.hexdigest()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    shop.write(path)
    return path


@pytest.fixture(scope="module")
def tables(directory: Path) -> dict[str, Rows]:
    read = {}
    for table in shop.TABLES:
        with (directory / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            read[table] = list(csv.DictReader(file))
    return read


def test_every_byte_is_the_one_that_it_always_was(directory: Path) -> None:
    assert digest(directory) == ALL_BYTES


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_neither_hash_seed_nor_locale_nor_time_zone_changes_a_byte(hash_seed: str, tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from rolldeck.environments.recipes import shop; shop.write(pathlib.Path(sys.argv[1]))"
    )
    surroundings = {"PYTHONHASHSEED": hash_seed, "LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=surroundings, check=True)
    assert digest(tmp_path) == ALL_BYTES


def test_writing_again_changes_nothing(directory: Path) -> None:
    shop.write(directory)
    assert digest(directory) == ALL_BYTES


def test_the_content_hash_is_stable_and_sees_every_source_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = Path(shop.__file__).parent
    for path in source.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    original = shop.content_hash()
    monkeypatch.setattr(shop, "_SOURCE", tmp_path)
    assert shop.content_hash() == original
    for path in [*source.glob("*.py"), source / "schema.sql"]:
        (tmp_path / path.name).write_bytes(path.read_bytes() + b" ")
        assert shop.content_hash() != original
        (tmp_path / path.name).write_bytes(path.read_bytes())


def test_the_load_order_names_every_table_after_those_that_it_refers_to(directory: Path) -> None:
    order = (directory / "tables.txt").read_text(encoding="utf-8").split()
    assert sorted(f"{table}.csv" for table in order) == sorted(path.name for path in directory.glob("*.csv"))
    for table, body in _definitions(directory).items():
        for referred in re.findall(r"REFERENCES (\w+)", body):
            assert order.index(referred) < order.index(table)


def test_headers_are_the_columns_of_the_schema(directory: Path, tables: dict[str, Rows]) -> None:
    for table, body in _definitions(directory).items():
        columns = re.findall(r"^    ([a-z_]+) ", body, re.MULTILINE)
        assert list(tables[table][0]) == columns


def _definitions(directory: Path) -> dict[str, str]:
    schema = (directory / "schema.sql").read_text(encoding="utf-8")
    return dict(re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", schema, re.DOTALL))


def test_the_tables_have_the_size_that_questions_need(tables: dict[str, Rows]) -> None:
    assert {table: len(rows) for table, rows in tables.items()} == ROWS


def test_ids_count_from_one_and_references_exist(tables: dict[str, Rows]) -> None:
    for rows in tables.values():
        assert [row["id"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    for table, column, referred in (
        ("orders", "person_id", "people"),
        ("orders", "product_id", "products"),
        ("reviews", "person_id", "people"),
        ("reviews", "product_id", "products"),
        ("invoices", "account_id", "accounts"),
        ("feedback", "account_id", "accounts"),
    ):
        assert {row[column] for row in tables[table]} <= {row["id"] for row in tables[referred]}


def test_an_order_adds_up(tables: dict[str, Rows]) -> None:
    for order in tables["orders"]:
        subtotal = Decimal(order["unit_price"]) * int(order["quantity"])
        assert subtotal == Decimal(order["subtotal"])
        assert subtotal - Decimal(order["discount"] or "0") + Decimal(order["tax"]) == Decimal(order["total"])
        assert (order["status"] == "refunded") == bool(order["refunded_at"])


def test_nothing_is_bought_before_its_buyer_joined_or_its_product_was_sold(tables: dict[str, Rows]) -> None:
    people = {row["id"]: row for row in tables["people"]}
    products = {row["id"]: row for row in tables["products"]}
    for order in tables["orders"]:
        product, day = products[order["product_id"]], order["created_at"][:10]
        assert people[order["person_id"]]["created_at"] <= order["created_at"]
        assert product["introduced_on"] <= day < (product["discontinued_on"] or "9999")


def test_the_edge_cases_are_there(tables: dict[str, Rows]) -> None:
    orders, people, products = tables["orders"], tables["people"], tables["products"]
    assert {order["discount"] for order in orders} >= {"", "0.00"}
    assert {order["created_at"] for order in orders} >= {"2024-01-01 00:00:00", "2023-12-31 23:59:59"}
    assert any(order["created_at"].startswith("2024-02-29") for order in orders)
    assert len({person["name"] for person in people}) < len(people)
    assert any(not product["name"].isascii() for product in products)
    assert {person["source"] for person in people} >= {""}
    for category in {product["category"] for product in products}:
        prices = sorted((Decimal(p["price"]) for p in products if p["category"] == category), reverse=True)
        assert prices[0] == prices[1]
