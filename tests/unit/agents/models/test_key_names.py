"""Key names of models and of X11 become the DOM's."""

import pytest

from rolldeck.agents.models.key_names import dom_chord, dom_chords


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Return", "Enter"),
        ("KP_Enter", "Enter"),
        ("ctrl+a", "Control+a"),
        ("CTRL+SHIFT+Page_Up", "Control+Shift+PageUp"),
        ("alt+Tab", "Alt+Tab"),
        ("super+l", "Meta+l"),
        ("cmd+c", "Meta+c"),
        ("Control_L+Left", "Control+ArrowLeft"),
        ("BackSpace", "Backspace"),
        ("Prior", "PageUp"),
        ("Next", "PageDown"),
        ("ESC", "Escape"),
        ("SPACE", "Space"),
        (" ", "Space"),
        ("ARROWDOWN", "ArrowDown"),
        ("ArrowLeft", "ArrowLeft"),
        ("f5", "F5"),
        ("KP_7", "7"),
        ("plus", "+"),
        ("+", "+"),
        ("ctrl++", "Control++"),
        ("ctrl+plus", "Control++"),
        ("ctrl+minus", "Control+-"),
        ("question", "?"),
        ("é", "é"),
        ("A", "A"),
        ("VolumeUp", "VolumeUp"),
    ],
)
def test_a_key_or_chord_gets_the_names_of_the_dom(written: str, canonical: str) -> None:
    assert dom_chord(written) == canonical


@pytest.mark.parametrize(
    ("names", "chords"),
    [
        (["CTRL", "A"], ["Control+A"]),
        (["CTRL", "SHIFT", "ARROWLEFT"], ["Control+Shift+ArrowLeft"]),
        (["ENTER"], ["Enter"]),
        (["TAB", "TAB", "ENTER"], ["Tab", "Tab", "Enter"]),
        (["CTRL", "A", "C"], ["Control+A", "Control+C"]),
        (["CTRL+A"], ["Control+A"]),
        (["SHIFT"], ["Shift"]),
        (["CTRL", "SHIFT"], ["Control+Shift"]),
        ([], []),
    ],
)
def test_a_list_of_keys_is_a_chord_where_it_begins_with_modifiers_and_a_sequence_otherwise(
    names: list[str], chords: list[str]
) -> None:
    assert dom_chords(names) == chords
