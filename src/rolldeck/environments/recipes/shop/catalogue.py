"""What the shop sells."""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from rolldeck.environments.recipes.shop.chance import Chance, money
from rolldeck.environments.recipes.shop.words import CATEGORIES, PRODUCT_NOUNS, PRODUCT_STYLES, VENDORS

_PRODUCTS = 200
_BASE_CENTS = {
    "Kitchen": 2400,
    "Garden": 3100,
    "Lighting": 5200,
    "Stationery": 1300,
    "Textiles": 3700,
    "Travel": 6400,
}


class Product(NamedTuple):
    """A row of ``products``."""

    id: int
    sku: str
    name: str
    category: str
    vendor: str
    price: Decimal
    stock: int
    introduced_on: date
    discontinued_on: date | None

    @property
    def cents(self) -> int:
        """The price in cents."""
        return int(self.price.scaleb(2))


def make_products() -> list[Product]:
    """All products, no two of the same name; on purpose, the two dearest of each category cost the same."""
    chance = Chance(101)
    names: set[str] = set()
    products = [_make_product(number, chance, names) for number in range(1, _PRODUCTS + 1)]
    for category in CATEGORIES:
        _tie_dearest(products, category)
    return products


def _make_product(number: int, chance: Chance, names: set[str]) -> Product:
    category = CATEGORIES[chance.below(len(CATEGORIES))]
    introduced = date(2020, 6, 1) + timedelta(days=chance.below(1500))
    return Product(
        id=number,
        sku=f"{category[:3].upper()}-{1000 + number * 7}",
        name=_new_name(category, chance, names),
        category=category,
        vendor=chance.pick_early(VENDORS),
        price=money(_BASE_CENTS[category] * chance.between(40, 320) // 1000 * 10 - chance.pick((1, 1, 5, 50))),
        stock=chance.pick((0, chance.between(1, 40), chance.between(1, 40), chance.between(41, 400))),
        introduced_on=introduced,
        discontinued_on=introduced + timedelta(days=chance.between(400, 900)) if chance.percent(12) else None,
    )


def _new_name(category: str, chance: Chance, names: set[str]) -> str:
    while True:
        name = f"{chance.pick(PRODUCT_STYLES)} {chance.pick(PRODUCT_NOUNS[category])}"
        if name not in names:
            names.add(name)
            return name


def _tie_dearest(products: list[Product], category: str) -> None:
    dearest, second = sorted((p for p in products if p.category == category), key=lambda p: (-p.cents, p.id))[:2]
    products[second.id - 1] = second._replace(price=dearest.price)
