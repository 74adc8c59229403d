"""Who buys."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from rolldeck.environments.recipes.shop.chance import Chance, Weighted, days
from rolldeck.environments.recipes.shop.words import CITIES, FAMILY_NAMES, GIVEN_NAMES, HANDLES, MAIL_DOMAINS

_PEOPLE = 2600
_FIRST_DAY, _LAST_DAY = date(2020, 11, 1), date(2025, 6, 30)
_SOURCES = Weighted(("Search", "Friend", "Newsletter", "Fair", "Advert"), (38, 24, 17, 8, 13))
_TAX = {city: tax for city, _, _, tax in CITIES}


class Person(NamedTuple):
    """A row of ``people``."""

    id: int
    name: str
    email: str
    city: str
    country: str
    source: str | None
    birth_date: date | None
    newsletter: bool
    created_at: datetime

    @property
    def tax(self) -> int:
        """What is paid where the person lives, in hundredths of a percent."""
        return _TAX[self.city]


def make_people() -> list[Person]:
    """All customers, by the time they joined. Names repeat, e-mail addresses do not."""
    chance = Chance(202)
    all_days = days(_FIRST_DAY, _LAST_DAY)
    joined = sorted(chance.moment(chance.pick_early(all_days)) for _ in range(_PEOPLE))
    homes = Weighted([(city, country) for city, country, _, _ in CITIES], [weight for _, _, weight, _ in CITIES])
    return [_make_person(number, moment, homes, chance) for number, moment in enumerate(joined, start=1)]


def _make_person(number: int, joined: datetime, homes: Weighted[tuple[str, str]], chance: Chance) -> Person:
    city, country = chance.pick_weighted(homes)
    return Person(
        id=number,
        name=f"{chance.pick(GIVEN_NAMES)} {chance.pick(FAMILY_NAMES)}",
        email=f"{chance.pick(HANDLES)}.{chance.pick(HANDLES)}{number}@{chance.pick(MAIL_DOMAINS)}",
        city=city,
        country=country,
        source=chance.pick_weighted(_SOURCES) if chance.percent(90) else None,
        birth_date=date(1944, 1, 1) + timedelta(days=chance.below(22_600)) if chance.percent(83) else None,
        newsletter=chance.percent(41),
        created_at=joined,
    )
