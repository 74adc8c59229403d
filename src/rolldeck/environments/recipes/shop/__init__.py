"""A shop's data, invented and deterministic: the same bytes on every platform, in every year.

Pure standard library. What the tables mean is said in ``schema.sql``.
"""

import csv
import hashlib
import shutil
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from rolldeck.environments.recipes.shop.catalogue import make_products
from rolldeck.environments.recipes.shop.customers import make_people
from rolldeck.environments.recipes.shop.sales import make_orders, make_reviews
from rolldeck.environments.recipes.shop.subscriptions import make_accounts, make_feedback, make_invoices

_SOURCE = Path(__file__).parent
TABLES = ("products", "people", "orders", "reviews", "accounts", "invoices", "feedback")
"""Every table, in an order in which they can be loaded."""


def write(directory: Path) -> None:
    """Write ``schema.sql`` (PostgreSQL), a ``<table>.csv`` with a header for each table, and ``tables.txt``.

    ``tables.txt`` names the tables in load order. In the CSV files an empty field is NULL; no text is empty.
    Creates the directory; what it holds under these names is replaced. The same bytes every time.
    """
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_SOURCE / "schema.sql", directory / "schema.sql")
    (directory / "tables.txt").write_text("".join(f"{table}\n" for table in TABLES), encoding="utf-8", newline="\n")
    for table, rows in _make_tables().items():
        _write_csv(directory / f"{table}.csv", rows)


def content_hash() -> str:
    """Hash (SHA-256, hexadecimal) of everything that the data is made from; known without making it."""
    digest = hashlib.sha256()
    for source in sorted(path for path in _SOURCE.iterdir() if path.suffix in {".py", ".sql"}):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def _make_tables() -> dict[str, Sequence[NamedTuple]]:
    products = make_products()
    people = make_people()
    orders = make_orders(people, products)
    accounts = make_accounts()
    return {
        "products": products,
        "people": people,
        "orders": orders,
        "reviews": make_reviews(orders, products),
        "accounts": accounts,
        "invoices": make_invoices(accounts),
        "feedback": make_feedback(accounts),
    }


def _write_csv(path: Path, rows: Sequence[NamedTuple]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0]._fields)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date():
            return value.isoformat()
        case _:
            return str(value)
