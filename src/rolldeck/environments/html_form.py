"""The forms of a page, as a browser would send them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

_NEVER_SENT = {"submit", "button", "image", "reset", "file"}
_SENT_WHEN_CHECKED = {"checkbox", "radio"}


@dataclass
class HtmlForm:
    """One form: ``names`` are all that can be filled in, ``values`` what it would send untouched."""

    action: str
    method: str
    names: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def forms_of(page: str) -> Sequence[HtmlForm]:
    """Return the forms of an HTML page, in order. Whatever else it is given holds none."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[HtmlForm] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = "POST" if given.get("method", "").lower() == "post" else "GET"
            self.forms.append(HtmlForm(given.get("action", ""), method))
            self._open = True
        elif self._open and tag in {"input", "textarea", "select"} and given.get("name"):
            self._add(self.forms[-1], given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False

    @staticmethod
    def _add(form: HtmlForm, given: Mapping[str, str]) -> None:
        kind, name = given.get("type", "text").lower(), given["name"]
        if kind in _NEVER_SENT:
            return
        form.names.append(name)
        if kind in _SENT_WHEN_CHECKED and "checked" not in given:
            return
        form.values[name] = given.get("value", "on" if kind in _SENT_WHEN_CHECKED else "")
