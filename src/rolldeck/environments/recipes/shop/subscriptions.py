"""The shop's other business: its software, rented to companies."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from rolldeck.environments.recipes.shop.chance import Chance, Weighted, days, money
from rolldeck.environments.recipes.shop.words import (
    CITIES,
    COMPANY_FIRST,
    COMPANY_FORMS,
    COMPANY_SECOND,
    FEEDBACK_TEXTS,
)

_ACCOUNTS = 640
_FEEDBACK = 900
_FIRST_DAY, _LAST_DAY = date(2021, 2, 1), date(2025, 6, 30)
_PLANS = Weighted(("Basic", "Plus", "Business"), (52, 33, 15))
_SEAT_CENTS = {"Basic": 900, "Plus": 1900, "Business": 3450}
_SEATS = Weighted((1, 2, 3, 5, 8, 12, 25, 60, 140), (18, 16, 16, 16, 12, 10, 7, 4, 1))
_CHANNELS = Weighted(("In-app", "E-mail", "Phone"), (61, 29, 10))
_RATINGS = Weighted((1, 2, 3, 4, 5), (9, 11, 21, 34, 25))


class Account(NamedTuple):
    """A row of ``accounts``."""

    id: int
    company: str
    country: str
    plan: str
    seats: int
    billing: str
    created_at: datetime
    trial_ends_on: date
    cancelled_on: date | None


class Invoice(NamedTuple):
    """A row of ``invoices``."""

    id: int
    account_id: int
    issued_on: date
    due_on: date
    paid_on: date | None
    amount: Decimal


class Feedback(NamedTuple):
    """A row of ``feedback``."""

    id: int
    account_id: int
    received_at: datetime
    channel: str
    rating: int
    body: str | None


def make_accounts() -> list[Account]:
    """All companies, by the time they signed up; no two of the same name."""
    chance = Chance(505)
    all_days = days(_FIRST_DAY, _LAST_DAY)
    signed_up = sorted(chance.moment(chance.pick(all_days)) for _ in range(_ACCOUNTS))
    names: set[str] = set()
    return [_make_account(number, moment, chance, names) for number, moment in enumerate(signed_up, start=1)]


def _make_account(number: int, signed_up: datetime, chance: Chance, names: set[str]) -> Account:
    trial_end = signed_up.date() + timedelta(days=14)
    end = trial_end + timedelta(days=chance.pick_early(range(1, 1500)))
    return Account(
        id=number,
        company=_new_company(chance, names),
        country=chance.pick(CITIES)[1],
        plan=chance.pick_weighted(_PLANS),
        seats=chance.pick_weighted(_SEATS),
        billing="yearly" if chance.percent(45) else "monthly",
        created_at=signed_up,
        trial_ends_on=trial_end,
        cancelled_on=end if chance.percent(44) and end <= _LAST_DAY else None,
    )


def _new_company(chance: Chance, names: set[str]) -> str:
    while True:
        name = f"{chance.pick(COMPANY_FIRST)} {chance.pick(COMPANY_SECOND)} {chance.pick(COMPANY_FORMS)}"
        if name not in names:
            names.add(name)
            return name


def make_invoices(accounts: list[Account]) -> list[Invoice]:
    """Invoices from the end of the trial to the end of the account, by day and account; a few are never paid."""
    chance = Chance(606)
    issued = sorted((day, account) for account in accounts for day in _billing_days(account))
    return [_make_invoice(number, day, account, chance) for number, (day, account) in enumerate(issued, start=1)]


def _billing_days(account: Account) -> list[date]:
    end = account.cancelled_on or _LAST_DAY
    period = 12 if account.billing == "yearly" else 1
    first = account.trial_ends_on
    months = range(0, (end.year - first.year) * 12 + end.month - first.month + 1, period)
    return [day for day in (_months_later(first, n) for n in months) if day <= end]


def _months_later(day: date, months: int) -> date:
    """The same day of a later month; what is too late for that month is its 28th."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, 28))


def _make_invoice(number: int, day: date, account: Account, chance: Chance) -> Invoice:
    cents = _SEAT_CENTS[account.plan] * account.seats
    paid = day + timedelta(days=chance.pick_early(range(70)))
    return Invoice(
        id=number,
        account_id=account.id,
        issued_on=day,
        due_on=day + timedelta(days=30),
        paid_on=paid if chance.percent(97) and paid <= _LAST_DAY else None,
        amount=money(cents * 10 if account.billing == "yearly" else cents),
    )


def make_feedback(accounts: list[Account]) -> list[Feedback]:
    """What companies told, by time, while they had an account."""
    chance = Chance(707)
    told: list[tuple[datetime, int]] = []
    while len(told) < _FEEDBACK:
        account = chance.pick_early(accounts)
        day = account.created_at.date() + timedelta(days=chance.between(1, 700))
        if day <= (account.cancelled_on or _LAST_DAY):
            told.append((chance.moment(day), account.id))
    told.sort()
    return [_make_feedback(number, moment, account_id, chance) for number, (moment, account_id) in enumerate(told, 1)]


def _make_feedback(number: int, moment: datetime, account_id: int, chance: Chance) -> Feedback:
    rating = chance.pick_weighted(_RATINGS)
    body = chance.pick(FEEDBACK_TEXTS[rating]) if chance.percent(64) else None
    return Feedback(number, account_id, moment, chance.pick_weighted(_CHANNELS), rating, body)
