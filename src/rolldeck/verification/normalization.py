"""What does not count in texts, where a task says so."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from rolldeck.domain.verdict import Normalization

_MAX_DATE = 64
_DATE_FORMATS = (
    "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d-%b-%Y", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%Y %B %d", "%Y %b %d",
)  # fmt: skip
_MONTH_FORMATS = ("%Y-%m", "%Y/%m", "%B %Y", "%b %Y")
_SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_MONEY = re.compile(
    r"(?P<open>\()?(?P<sign>[-+\u2212])?(?P<before>US\$|[$€£¥₹]|[A-Z]{3})?\s*(?P<inner>[-+\u2212])?"
    r"(?P<digits>(?:\d{1,3}(?:[,' \u00a0\u202f]\d{3}){1,10}|\d{1,30})(?:\.\d{1,30})?)"
    r"\s*(?P<after>US\$|[$€£¥₹]|[A-Z]{3})?(?(open)\))"
)


@dataclass(frozen=True)
class Money:
    """An amount; ``currency`` is its ISO code, None where the text names none."""

    amount: Decimal
    currency: str | None

    def same_as(self, other: "Money") -> bool:
        """Whether both are the same amount; a currency that only one of them names does not count."""
        currencies = {self.currency, other.currency} - {None}
        return self.amount == other.amount and len(currencies) <= 1


def normalized(text: str, what: Sequence[Normalization]) -> str:
    """Return a text without what does not count in it. Money is compared by ``money``, not here."""
    if "unicode" in what:
        text = unicodedata.normalize("NFKC", text)
    if "space" in what:
        text = " ".join(text.split())
    if "date" in what:
        text = iso_date(text) or text
    if "case" in what:
        text = text.casefold()
        if "unicode" in what:  # folding can leave a form that is not normal
            text = unicodedata.normalize("NFKC", text)
    return text


def iso_date(text: str) -> str | None:
    """Return a date as ISO 8601 says it (a month as 2024-01, midnight as its date), None where it is none.

    Only unambiguous spellings: 13/01/2024 is one, 02/01/2024 is not (the second of January, or the first of February).
    """
    if len(text) > _MAX_DATE:
        return None
    words = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", " ".join(text.replace(",", " ").split()), flags=re.IGNORECASE)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return _spelled_day(words) or _numeric_day(words) or _month(words)
    return moment.date().isoformat() if moment.timetz() == time() else moment.isoformat()


def _spelled_day(words: str) -> str | None:
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(words, form).date().isoformat()  # noqa: DTZ007 - only its date is used
        except ValueError:
            continue
    return None


def _numeric_day(words: str) -> str | None:
    found = re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", words)
    if found is None:
        return None
    first, second, year = (int(part) for part in found.groups())
    if first <= 12 and second <= 12 and first != second:
        return None
    day, month = (first, second) if second <= 12 else (second, first)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _month(words: str) -> str | None:
    for form in _MONTH_FORMATS:
        try:
            return datetime.strptime(words, form).strftime("%Y-%m")  # noqa: DTZ007 - only its month is used
        except ValueError:
            continue
    return None


def money(text: str) -> Money | None:
    """Return the amount that a text shows (``$1,234.50``, ``1 234.50 EUR``, ``(3.00)`` for minus three), or None."""
    found = _MONEY.fullmatch(text.strip())
    if found is None or (found["before"] and found["after"]) or (found["sign"] and found["inner"]):
        return None
    amount = Decimal(re.sub(r"[,'\s]", "", found["digits"]))
    if any(sign in {"(", "-", "\u2212"} for sign in (found["open"], found["sign"], found["inner"])):
        amount = -amount
    mark = found["before"] or found["after"]
    return Money(amount, _SYMBOLS.get(mark, mark) if mark else None)
