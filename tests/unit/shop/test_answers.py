"""Every answer of ``examples/shop/tasks.json``, computed anew from the CSV files in plain Python.

Nothing here is taken from a solution, and none of it is SQL.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import JsonValue

from rolldeck.domain.task import Task
from rolldeck.domain.task_file import parse_task_file
from rolldeck.environments.recipes import shop as recipe
from rolldeck.verification.comparison import compare

T = TypeVar("T")
Row = dict[str, str]

EXAMPLES = Path(__file__).parents[3] / "examples" / "shop"


class Shop:
    """The generated tables; a field that is NULL is an empty text."""

    def __init__(self, directory: Path) -> None:
        rows = {table: _read(directory / f"{table}.csv") for table in recipe.TABLES}
        self.products, self.people, self.orders = rows["products"], rows["people"], rows["orders"]
        self.reviews, self.accounts = rows["reviews"], rows["accounts"]
        self.invoices, self.feedback = rows["invoices"], rows["feedback"]
        self.product = {row["id"]: row for row in self.products}
        self.person = {row["id"]: row for row in self.people}
        self.account = {row["id"]: row for row in self.accounts}
        self.completed = [row for row in self.orders if row["status"] == "completed"]


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def the_one(rows: Iterable[T]) -> T:
    """The only one there is: a question with several answers is a wrong question."""
    found = list(rows)
    assert len(found) == 1, f"not unique: {found[:5]}"
    return found[0]


def the_most(rows: Iterable[T], measure: Callable[[T], object]) -> T:
    """The only one of the highest measure."""
    ranked = sorted(rows, key=measure, reverse=True)  # type: ignore[arg-type]
    assert measure(ranked[0]) != measure(ranked[1]), "a tie for the first place"
    return ranked[0]


def strictly_ordered(values: Sequence[object]) -> bool:
    """Whether no two neighbours are the same, so that the order is the only right one."""
    return all(one != other for one, other in pairwise(values))


def amount(rows: Iterable[Row], column: str) -> Decimal:
    """The sum of a column of money."""
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


def rounded(value: Decimal, places: int = 2) -> float:
    """Rounded as people round."""
    return float(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


Answer = Callable[[Shop], JsonValue]
ANSWERS: dict[str, Answer] = {}


def answers(task_id: str) -> Callable[[Answer], Answer]:
    """Register a function as the answer to a task."""

    def register(function: Answer) -> Answer:
        ANSWERS[task_id] = function
        return function

    return register


@answers("product-price-and-vendor")
def product_price_and_vendor(shop: Shop) -> JsonValue:
    product = the_one(p for p in shop.products if p["name"] == "Piñata Night Light")
    return {"price": float(product["price"]), "vendor": product["vendor"]}


@answers("customer-by-email")
def customer_by_email(shop: Shop) -> JsonValue:
    person = the_one(p for p in shop.people if p["email"] == "drift.sparrow571@example.com")
    return {"name": person["name"], "city": person["city"], "source": person["source"] or None}


@answers("orders-in-2024")
def orders_in_2024(shop: Shop) -> JsonValue:
    return {"orders": sum(order["created_at"][:4] == "2024" for order in shop.orders)}


@answers("revenue-2023")
def revenue_2023(shop: Shop) -> JsonValue:
    return {"revenue": float(amount((o for o in shop.completed if o["created_at"][:4] == "2023"), "total"))}


@answers("country-with-most-customers")
def country_with_most_customers(shop: Shop) -> JsonValue:
    country, customers = the_most(Counter(p["country"] for p in shop.people).items(), lambda item: item[1])
    return {"country": country, "customers": customers}


@answers("products-by-category")
def products_by_category(shop: Shop) -> JsonValue:
    counts = Counter(p["category"] for p in shop.products)
    return {"categories": list(counts), "products": list(counts.values())}


@answers("dearest-travel-products")
def dearest_travel_products(shop: Shop) -> JsonValue:
    travel = [p for p in shop.products if p["category"] == "Travel"]
    highest = max(Decimal(p["price"]) for p in travel)
    return {"price": float(highest), "names": [*sorted(p["name"] for p in travel if Decimal(p["price"]) == highest)]}


@answers("top-customers-2023")
def top_customers_2023(shop: Shop) -> JsonValue:
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in shop.completed:
        if order["created_at"][:4] == "2023":
            spent[order["person_id"]] += Decimal(order["total"])
    ranked = sorted(spent.items(), key=lambda item: -item[1])[:4]
    assert strictly_ordered([total for _, total in ranked])
    return {
        "names": [shop.person[person]["name"] for person, _ in ranked[:3]],
        "totals": [float(total) for _, total in ranked[:3]],
    }


@answers("customers-who-never-ordered")
def customers_who_never_ordered(shop: Shop) -> JsonValue:
    return {"customers": len(shop.person.keys() - {order["person_id"] for order in shop.orders})}


@answers("busiest-day")
def busiest_day(shop: Shop) -> JsonValue:
    day, orders = the_most(Counter(o["created_at"][:10] for o in shop.orders).items(), lambda item: item[1])
    return {"date": day, "orders": orders}


@answers("best-month-2024")
def best_month_2024(shop: Shop) -> JsonValue:
    months: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in shop.completed:
        if order["created_at"][:4] == "2024":
            months[order["created_at"][:7]] += Decimal(order["total"])
    month, revenue = the_most(months.items(), lambda item: item[1])
    return {"month": month, "revenue": float(revenue)}


@answers("vouchers")
def vouchers(shop: Shop) -> JsonValue:
    return {
        "no_voucher": sum(order["discount"] == "" for order in shop.orders),
        "expired": sum(order["discount"] == "0.00" for order in shop.orders),
        "discounted": sum(order["discount"] not in {"", "0.00"} for order in shop.orders),
    }


@answers("category-with-most-refunds")
def category_with_most_refunds(shop: Shop) -> JsonValue:
    orders = Counter(shop.product[o["product_id"]]["category"] for o in shop.orders)
    refunded = Counter(shop.product[o["product_id"]]["category"] for o in shop.orders if o["status"] == "refunded")
    category = the_most(orders, lambda name: Decimal(refunded[name]) / orders[name])
    return {"category": category, "percent": rounded(Decimal(100) * refunded[category] / orders[category])}


@answers("best-rated-product")
def best_rated_product(shop: Shop) -> JsonValue:
    ratings: defaultdict[str, list[int]] = defaultdict(list)
    for review in shop.reviews:
        ratings[review["product_id"]].append(int(review["rating"]))
    often = {product: Decimal(sum(given)) / len(given) for product, given in ratings.items() if len(given) >= 10}
    product, average = the_most(often.items(), lambda item: item[1])
    return {"name": shop.product[product]["name"], "rating": rounded(average), "reviews": len(ratings[product])}


@answers("products-without-reviews")
def products_without_reviews(shop: Shop) -> JsonValue:
    return {"products": len(shop.product.keys() - {review["product_id"] for review in shop.reviews})}


@answers("most-common-names")
def most_common_names(shop: Shop) -> JsonValue:
    counts = Counter(person["name"] for person in shop.people)
    most = max(counts.values())
    return {"names": [*sorted(name for name, count in counts.items() if count == most)], "customers": most}


@answers("unpaid-invoices")
def unpaid_invoices(shop: Shop) -> JsonValue:
    unpaid = [invoice for invoice in shop.invoices if invoice["paid_on"] == ""]
    return {"invoices": len(unpaid), "amount": float(amount(unpaid, "amount"))}


@answers("highest-invoiced-account")
def highest_invoiced_account(shop: Shop) -> JsonValue:
    charged: defaultdict[str, Decimal] = defaultdict(Decimal)
    for invoice in shop.invoices:
        charged[invoice["account_id"]] += Decimal(invoice["amount"])
    account, total = the_most(charged.items(), lambda item: item[1])
    return {"company": shop.account[account]["company"], "amount": float(total)}


@answers("seats-by-plan")
def seats_by_plan(shop: Shop) -> JsonValue:
    seats: Counter[str] = Counter()
    for account in shop.accounts:
        seats[account["plan"]] += int(account["seats"])
    return {"plans": list(seats), "seats": list(seats.values())}


@answers("cancellations-2024")
def cancellations_2024(shop: Shop) -> JsonValue:
    plans = Counter(account["plan"] for account in shop.accounts if account["cancelled_on"][:4] == "2024")
    return {"total": plans.total(), **plans}


@answers("rating-by-channel")
def rating_by_channel(shop: Shop) -> JsonValue:
    ratings: defaultdict[str, list[int]] = defaultdict(list)
    for entry in shop.feedback:
        ratings[entry["channel"]].append(int(entry["rating"]))
    return {
        "channels": list(ratings),
        "ratings": [rounded(Decimal(sum(given)) / len(given)) for given in ratings.values()],
    }


@answers("most-orders-in-one-day")
def most_orders_in_one_day(shop: Shop) -> JsonValue:
    counts = Counter((order["person_id"], order["created_at"][:10]) for order in shop.orders)
    (person, day), orders = the_most(counts.items(), lambda item: item[1])
    return {"customer": shop.person[person]["name"], "date": day, "orders": orders}


@answers("first-leap-day-order")
def first_leap_day_order(shop: Shop) -> JsonValue:
    first = min((o for o in shop.orders if o["created_at"][:10] == "2024-02-29"), key=lambda o: o["created_at"])
    return {
        "order": int(first["id"]),
        "customer": shop.person[first["person_id"]]["name"],
        "product": shop.product[first["product_id"]]["name"],
    }


@answers("loyal-friends")
def loyal_friends(shop: Shop) -> JsonValue:
    orders = Counter(order["person_id"] for order in shop.completed)
    return {
        "customers": sum(
            person["created_at"][:4] == "2021" and person["source"] == "Friend" and orders[person["id"]] >= 10
            for person in shop.people
        )
    }


@answers("columns-of-orders")
def columns_of_orders(shop: Shop) -> JsonValue:
    return {"columns": len(shop.orders[0]), "metrics": 1}


@answers("oldest-newsletter-reader")
def oldest_newsletter_reader(shop: Shop) -> JsonValue:
    readers = [person for person in shop.people if person["newsletter"] == "true" and person["birth_date"]]
    oldest = the_most(readers, lambda person: -int(person["birth_date"].replace("-", "")))
    return {"name": oldest["name"], "birth_date": oldest["birth_date"]}


@answers("largest-order")
def largest_order(shop: Shop) -> JsonValue:
    order = the_most(shop.orders, lambda o: Decimal(o["total"]))
    return {"order": int(order["id"]), "total": float(order["total"]), "status": order["status"]}


@answers("order-states")
def order_states(shop: Shop) -> JsonValue:
    counts = Counter(order["status"] for order in shop.orders)
    return {"statuses": list(counts), "orders": list(counts.values())}


@answers("create-big-number")
def create_big_number(shop: Shop) -> JsonValue:
    return {"reviews": len(shop.reviews)}


@answers("save-query")
def save_query(shop: Shop) -> JsonValue:
    return {"sold_out": sum(p["stock"] == "0" and p["discontinued_on"] == "" for p in shop.products)}


def example_tasks() -> tuple[Task, ...]:
    """The tasks of the committed file."""
    return parse_task_file((EXAMPLES / "tasks.json").read_bytes(), environments=["superset"], max_bytes=10**6)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    directory = tmp_path_factory.mktemp("shop")
    recipe.write(directory)
    return Shop(directory)


@pytest.mark.parametrize(
    "task", [task for task in example_tasks() if task.answer is not None], ids=lambda task: task.id
)
def test_an_answer_computed_from_the_data_is_the_expected_one(task: Task, shop: Shop) -> None:
    computed = ANSWERS[task.id](shop)
    assert compare(task.answer, computed, task.verifier).success


def test_nothing_is_computed_that_no_task_asks() -> None:
    assert {task.id for task in example_tasks() if task.answer is not None} == set(ANSWERS)
