"""What a person means who types an address."""

import pytest

from rolldeck.browser.addresses import resolve
from rolldeck.browser.no_effect import NoEffect

ORIGIN = "http://127.0.0.1:4321"


@pytest.mark.parametrize(
    ("typed", "opened"),
    [
        ("/sqllab/?a=1#b", f"{ORIGIN}/sqllab/?a=1#b"),
        ("  /sqllab/ ", f"{ORIGIN}/sqllab/"),
        ("sqllab", f"{ORIGIN}/sqllab"),
        ("sqllab/history", f"{ORIGIN}/sqllab/history"),
        (f"{ORIGIN}/x", f"{ORIGIN}/x"),
        ("HTTP://127.0.0.1:4321/x", "HTTP://127.0.0.1:4321/x"),
        ("127.0.0.1:4321", f"{ORIGIN}"),
        ("127.0.0.1:4321/x?y=http://z", f"{ORIGIN}/x?y=http://z"),
    ],
)
def test_an_address_of_the_environment_is_opened(typed: str, opened: str) -> None:
    assert resolve(typed, ORIGIN) == opened


def test_localhost_with_a_port_is_opened_as_it_is() -> None:
    assert resolve("localhost:3000/x", "http://localhost:3000") == "http://localhost:3000/x"


@pytest.mark.parametrize(
    "typed",
    [
        "localhost:4321",
        "127.0.0.1",
        "127.0.0.1:4322",
        "https://127.0.0.1:4321",
        "example.com",
        "example.com/127.0.0.1:4321",
        "http://127.0.0.1:4321@example.com",
        "http://example.com#127.0.0.1:4321",
        "//example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "chrome://version",
        "http://",
        "http://[",
        "http://127.0.0.1:port",
    ],
)
def test_an_address_elsewhere_is_refused_in_words_that_name_the_origin(typed: str) -> None:
    with pytest.raises(NoEffect, match="4321"):
        resolve(typed, ORIGIN)
