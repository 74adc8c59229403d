"""What was bought, and what people said of it."""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from rolldeck.environments.recipes.shop.catalogue import Product
from rolldeck.environments.recipes.shop.chance import Chance, Weighted, days, money, share_of
from rolldeck.environments.recipes.shop.customers import Person
from rolldeck.environments.recipes.shop.words import REVIEW_TEXTS

_ORDERS = 19_000
_REVIEWS = 1_400
_FIRST_DAY, _LAST_DAY = date(2021, 1, 1), date(2025, 6, 30)
_MONTH_WEIGHTS = (82, 78, 90, 95, 104, 92, 74, 80, 98, 108, 146, 172)
_WEEKDAY_WEIGHTS = (96, 90, 94, 100, 118, 130, 112)
_QUANTITIES = Weighted((1, 2, 3, 4, 6, 10, 48), (620, 210, 90, 45, 24, 10, 1))
_RATING_WEIGHTS = ((6, 8, 20, 36, 30), (3, 5, 14, 34, 44), (18, 20, 28, 20, 14))


class Order(NamedTuple):
    """A row of ``orders``."""

    id: int
    person_id: int
    product_id: int
    quantity: int
    unit_price: Decimal
    subtotal: Decimal
    discount: Decimal | None
    tax: Decimal
    total: Decimal
    status: str
    created_at: datetime
    refunded_at: datetime | None


class Review(NamedTuple):
    """A row of ``reviews``."""

    id: int
    product_id: int
    person_id: int
    rating: int
    body: str | None
    created_at: datetime


def make_orders(people: list[Person], products: list[Product]) -> list[Order]:
    """All orders, by time: nobody buys before joining, nothing is sold before it was introduced or after it ended."""
    chance = Chance(303)
    joined = [person.created_at for person in people]
    orders: list[Order] = []
    buyer: Person | None = None
    for number, moment in enumerate(_moments(chance), start=1):
        comes_again = buyer is not None and orders[-1].created_at.date() == moment.date() and chance.percent(4)
        if not comes_again or buyer is None:
            buyer = chance.pick_early(people[: bisect_right(joined, moment)])
        orders.append(_make_order(number, moment, buyer, _pick_product(products, moment.date(), chance), chance))
    return orders


def _moments(chance: Chance) -> list[datetime]:
    """When orders come in: more every year, most before Christmas, at weekends, in the evening; some on the very edges."""
    all_days = days(_FIRST_DAY, _LAST_DAY)
    weights = [
        (1000 + n) * _MONTH_WEIGHTS[day.month - 1] * _WEEKDAY_WEIGHTS[day.weekday()] for n, day in enumerate(all_days)
    ]
    calendar = Weighted(all_days, weights)
    edges = [
        datetime(year, month, day, *time)  # noqa: DTZ001 - the shop's local time
        for year in (2022, 2023, 2024)
        for month, day, time in ((1, 1, (0, 0, 0)), (12, 31, (23, 59, 59)), (6, 30, (23, 59, 59)), (7, 1, (0, 0, 0)))
    ]
    return sorted([*edges, *(chance.moment(chance.pick_weighted(calendar)) for _ in range(_ORDERS - len(edges)))])


def _pick_product(products: list[Product], day: date, chance: Chance) -> Product:
    while True:
        product = chance.pick_early(products)
        if product.introduced_on <= day and (product.discontinued_on is None or day < product.discontinued_on):
            return product


def _make_order(number: int, moment: datetime, buyer: Person, product: Product, chance: Chance) -> Order:
    quantity = chance.pick_weighted(_QUANTITIES)
    subtotal = product.cents * quantity
    discount = _discount(subtotal, moment, chance)
    tax = share_of(subtotal - (discount or 0), buyer.tax)
    back = moment + timedelta(days=chance.between(1, 45), seconds=chance.below(86_400))
    status = _status(moment, back, chance)
    return Order(
        id=number,
        person_id=buyer.id,
        product_id=product.id,
        quantity=quantity,
        unit_price=product.price,
        subtotal=money(subtotal),
        discount=None if discount is None else money(discount),
        tax=money(tax),
        total=money(subtotal - (discount or 0) + tax),
        status=status,
        created_at=moment,
        refunded_at=back if status == "refunded" else None,
    )


def _discount(subtotal: int, moment: datetime, chance: Chance) -> int | None:
    """NULL without a voucher; a voucher that had expired took nothing off: 0."""
    if not chance.percent(27 if moment.month == 11 else 9):
        return None
    return share_of(subtotal, chance.pick((0, 500, 500, 1000, 1000, 1500, 2000)))


def _status(moment: datetime, back: datetime, chance: Chance) -> str:
    fate = chance.below(100)
    if fate < 5 and back.date() <= _LAST_DAY:
        return "refunded"
    if fate < 8:
        return "cancelled"
    return "pending" if moment.date() > _LAST_DAY - timedelta(days=6) and fate < 60 else "completed"


def make_reviews(orders: list[Order], products: list[Product]) -> list[Review]:
    """Reviews of things that were bought and kept, by time; some without a text, some products with none."""
    chance = Chance(404)
    kept = [order for order in orders if order.status == "completed" and order.product_id % 9 != 0]
    tastes = {product.id: Weighted((1, 2, 3, 4, 5), chance.pick(_RATING_WEIGHTS)) for product in products}
    written: dict[int, tuple[datetime, Order]] = {}
    while len(written) < _REVIEWS:
        order = chance.pick(kept)
        moment = chance.moment(order.created_at.date() + timedelta(days=chance.between(2, 60)))
        if order.id not in written and moment.date() <= _LAST_DAY:
            written[order.id] = (moment, order)
    reviews = []
    for number, (moment, order) in enumerate(sorted(written.values()), start=1):
        rating = chance.pick_weighted(tastes[order.product_id])
        body = chance.pick(REVIEW_TEXTS[rating]) if chance.percent(78) else None
        reviews.append(Review(number, order.product_id, order.person_id, rating, body, moment))
    return reviews
