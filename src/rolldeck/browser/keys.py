"""Key names: from what models write to what Playwright presses."""

import re
from collections.abc import Iterable

from rolldeck.browser.no_effect import NoEffect

MODIFIERS = frozenset({"ControlOrMeta", "Shift", "Alt"})

_ALIASES = {
    "ctrl": "Control",
    "control": "Control",
    "ctl": "Control",
    "controlormeta": "ControlOrMeta",
    "cmd": "Meta",
    "command": "Meta",
    "super": "Meta",
    "win": "Meta",
    "windows": "Meta",
    "meta": "Meta",
    "alt": "Alt",
    "option": "Alt",
    "opt": "Alt",
    "altgraph": "AltGraph",
    "shift": "Shift",
    "esc": "Escape",
    "escape": "Escape",
    "return": "Enter",
    "enter": "Enter",
    "kpenter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "spacebar": "Space",
    "backspace": "Backspace",
    "back": "Backspace",
    "bksp": "Backspace",
    "delete": "Delete",
    "del": "Delete",
    "insert": "Insert",
    "ins": "Insert",
    "home": "Home",
    "end": "End",
    "pageup": "PageUp",
    "pgup": "PageUp",
    "prior": "PageUp",
    "pagedown": "PageDown",
    "pgdn": "PageDown",
    "pgdown": "PageDown",
    "next": "PageDown",
    "up": "ArrowUp",
    "arrowup": "ArrowUp",
    "down": "ArrowDown",
    "arrowdown": "ArrowDown",
    "left": "ArrowLeft",
    "arrowleft": "ArrowLeft",
    "right": "ArrowRight",
    "arrowright": "ArrowRight",
    "contextmenu": "ContextMenu",
    "menu": "ContextMenu",
    "capslock": "CapsLock",
    "numlock": "NumLock",
    "scrolllock": "ScrollLock",
    "printscreen": "PrintScreen",
    "pause": "Pause",
    "plus": "+",
    "minus": "-",
    "equal": "=",
    "equals": "=",
    "comma": ",",
    "period": ".",
    "dot": ".",
    "slash": "/",
    "backslash": "\\",
    "semicolon": ";",
    "quote": "'",
    "apostrophe": "'",
    "backquote": "`",
    "grave": "`",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}


class UnknownKey(NoEffect):
    """No keyboard has this key, or it cannot be pressed like this; the text says which, for the agent."""


def chord(keys: str) -> str:
    """Return ``keys`` as Playwright writes a chord, e.g. ``ControlOrMeta+a`` of ``ctrl+A``. Raises ``UnknownKey``.

    The command key of a Mac and Control mean the same here, on every system: a model does not know which one it is on.
    """
    *before, last = split(keys)
    held = _held(before, keys)
    key = _alike(_key(last))
    if not held:
        return key
    if re.fullmatch("[A-Za-z]", key):
        key = key.upper() if "Shift" in held else key.lower()
    return "+".join([*held, key])


def single(key: str) -> str:
    """Return one key as Playwright names it. Raises ``UnknownKey``, also for a chord."""
    names = split(key)
    if len(names) != 1:
        raise UnknownKey(f"{key!r} is a chord: one key at a time is pressed down or released")
    return _alike(_key(names[0]))


def modifiers(keys: str) -> list[str]:
    """Return the keys of ``keys``, which are to be held while something else is done. Raises ``UnknownKey``."""
    return _held(split(keys), keys) if keys else []


def split(keys: str) -> list[str]:
    """Split at ``+``, where a last ``+`` is the key of that name."""
    if keys.strip() == "":
        return [" "]
    text = keys.strip()
    if text == "+":
        return ["+"]
    if text.endswith("++"):
        return [*text[:-2].split("+"), "+"]
    return text.split("+")


def _held(names: Iterable[str], keys: str) -> list[str]:
    held = list(dict.fromkeys(_alike(_key(name)) for name in names))
    for key in held:
        if key not in MODIFIERS:
            raise UnknownKey(f"{key!r} in {keys!r} cannot be held: Control, Shift, Alt and Meta can")
    return held


def _alike(key: str) -> str:
    return "ControlOrMeta" if key in {"Control", "Meta"} else key


def _key(name: str) -> str:
    name = name if name == " " else name.strip()
    if len(name) == 1 and name.isprintable():
        return "Space" if name == " " else name
    code = re.fullmatch(r"(?:Key|Digit)([A-Z0-9])", name)
    if code:
        return code[1].lower()
    key = _ALIASES.get(re.sub(r"[\s_-]", "", name).lower())
    if key is None:
        raise UnknownKey(f"there is no key {name!r}: keys are named as in KeyboardEvent.key, e.g. Enter, Control+A")
    return key
