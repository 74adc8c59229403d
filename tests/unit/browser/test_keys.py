"""Key names as models write them."""

import pytest

from rolldeck.browser.keys import UnknownKey, chord, modifiers, single


@pytest.mark.parametrize(
    ("written", "pressed"),
    [
        ("Enter", "Enter"),
        ("return", "Enter"),
        ("esc", "Escape"),
        ("page_down", "PageDown"),
        ("Page Down", "PageDown"),
        ("PGUP", "PageUp"),
        ("left", "ArrowLeft"),
        ("arrow_left", "ArrowLeft"),
        ("Down", "ArrowDown"),
        ("f5", "F5"),
        ("space", "Space"),
        (" ", "Space"),
        ("del", "Delete"),
        ("a", "a"),
        ("A", "A"),
        ("é", "é"),
        ("+", "+"),
        ("KeyA", "a"),
        ("Digit7", "7"),
        ("ctrl+a", "ControlOrMeta+a"),
        ("Control+A", "ControlOrMeta+a"),
        ("cmd+c", "ControlOrMeta+c"),
        ("super+Enter", "ControlOrMeta+Enter"),
        ("ctrl+shift+z", "ControlOrMeta+Shift+Z"),
        ("Shift+ArrowLeft", "Shift+ArrowLeft"),
        ("alt + F4", "Alt+F4"),
        ("Control++", "ControlOrMeta++"),
        ("ctrl+plus", "ControlOrMeta++"),
        ("Control+Control+a", "ControlOrMeta+a"),
        ("shift", "Shift"),
        ("Control", "ControlOrMeta"),
    ],
)
def test_a_key_is_understood_as_models_write_it(written: str, pressed: str) -> None:
    assert chord(written) == pressed


@pytest.mark.parametrize("written", ["Hyper", "ctrl+nothing", "a+b", "Enter+a", "ctrl+", "\x00", "Control+A B"])
def test_a_key_that_no_keyboard_has_is_refused_and_named(written: str) -> None:
    with pytest.raises(UnknownKey):
        chord(written)


@pytest.mark.parametrize(
    ("written", "held"),
    [("", []), ("ctrl", ["ControlOrMeta"]), ("shift+Alt", ["Shift", "Alt"]), ("cmd+Control", ["ControlOrMeta"])],
)
def test_keys_held_meanwhile_are_modifiers(written: str, held: list[str]) -> None:
    assert modifiers(written) == held


@pytest.mark.parametrize("written", ["a", "shift+a", " ", "Hyper"])
def test_other_keys_are_not_held_meanwhile(written: str) -> None:
    with pytest.raises(UnknownKey):
        modifiers(written)


def test_one_key_at_a_time_is_pressed_down() -> None:
    assert [single(key) for key in ("ctrl", "a", "+", "return")] == ["ControlOrMeta", "a", "+", "Enter"]
    with pytest.raises(UnknownKey, match="is a chord"):
        single("ctrl+a")
