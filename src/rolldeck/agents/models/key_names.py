"""Key names: from those of X11, of Macs and of models to the DOM's ``KeyboardEvent.key``.

Sources: https://www.w3.org/TR/uievents-key/ and the keysyms that xdotool takes.
"""

import re

_DOM = {
    **dict.fromkeys(("ctrl", "control", "controll", "controlr", "ctl"), "Control"),
    **dict.fromkeys(("shift", "shiftl", "shiftr"), "Shift"),
    **dict.fromkeys(("alt", "altl", "altr", "option", "opt"), "Alt"),
    **dict.fromkeys(
        ("meta", "metal", "metar", "super", "superl", "superr", "cmd", "command", "win", "windows"), "Meta"
    ),
    **dict.fromkeys(("return", "enter", "kpenter"), "Enter"),
    **dict.fromkeys(("esc", "escape"), "Escape"),
    **dict.fromkeys(("tab", "isolefttab"), "Tab"),
    **dict.fromkeys(("space", "spacebar", "kpspace"), "Space"),
    **dict.fromkeys(("backspace", "bksp"), "Backspace"),
    **dict.fromkeys(("delete", "del", "kpdelete"), "Delete"),
    **dict.fromkeys(("insert", "ins", "kpinsert"), "Insert"),
    **dict.fromkeys(("home", "kphome"), "Home"),
    **dict.fromkeys(("end", "kpend"), "End"),
    **dict.fromkeys(("pageup", "pgup", "prior", "kpprior", "kppageup"), "PageUp"),
    **dict.fromkeys(("pagedown", "pgdn", "pgdown", "next", "kpnext", "kppagedown"), "PageDown"),
    **dict.fromkeys(("up", "arrowup", "kpup"), "ArrowUp"),
    **dict.fromkeys(("down", "arrowdown", "kpdown"), "ArrowDown"),
    **dict.fromkeys(("left", "arrowleft", "kpleft"), "ArrowLeft"),
    **dict.fromkeys(("right", "arrowright", "kpright"), "ArrowRight"),
    **dict.fromkeys(("menu", "contextmenu"), "ContextMenu"),
    **dict.fromkeys(("capslock",), "CapsLock"),
    **dict.fromkeys(("numlock",), "NumLock"),
    **dict.fromkeys(("scrolllock",), "ScrollLock"),
    **dict.fromkeys(("print", "printscreen"), "PrintScreen"),
    "pause": "Pause",
    "plus": "+",
    "kpadd": "+",
    "minus": "-",
    "kpsubtract": "-",
    "kpmultiply": "*",
    "asterisk": "*",
    "kpdivide": "/",
    "slash": "/",
    "backslash": "\\",
    "equal": "=",
    "comma": ",",
    "period": ".",
    "kpdecimal": ".",
    "semicolon": ";",
    "colon": ":",
    "apostrophe": "'",
    "quotedbl": '"',
    "grave": "`",
    "underscore": "_",
    "numbersign": "#",
    "at": "@",
    "percent": "%",
    "ampersand": "&",
    "question": "?",
    "exclam": "!",
    "dollar": "$",
    "parenleft": "(",
    "parenright": ")",
    "bracketleft": "[",
    "bracketright": "]",
    "braceleft": "{",
    "braceright": "}",
    "less": "<",
    "greater": ">",
    "bar": "|",
    "asciitilde": "~",
    **{f"kp{digit}": str(digit) for digit in range(10)},
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}

MODIFIERS = frozenset({"Control", "Shift", "Alt", "Meta"})


def dom_key(name: str) -> str:
    """Return the DOM's name of one key. A name that is not known stays: the browser says so."""
    if name == " ":
        return "Space"
    if len(name) == 1:
        return name
    return _DOM.get(re.sub(r"[\s_-]", "", name).lower(), name.strip())


def dom_chord(keys: str) -> str:
    """Return a chord like ``ctrl+shift+Page_Up`` with the DOM's names: ``Control+Shift+PageUp``."""
    if keys.strip() in {"", "+"}:
        return dom_key(keys.strip() or " ")
    names = keys.strip().removesuffix("++").split("+") if keys.strip().endswith("++") else keys.strip().split("+")
    chord = [dom_key(name) for name in names if name]
    return "+".join([*chord, "+"] if keys.strip().endswith("++") else chord)


def dom_chords(names: list[str]) -> list[str]:
    """Return the chords that a list of keys means: modifiers are held for the keys after them, which go one by one.

    ``["CTRL", "A"]`` is one chord, ``["TAB", "TAB"]`` are two; modifiers alone are pressed together.
    """
    keys = [dom_chord(name) for name in names]
    held: list[str] = []
    chords: list[str] = []
    for key in keys:
        if key in MODIFIERS:
            held.append(key)
        else:
            chords.append("+".join([*held, key]))
    return chords or (["+".join(held)] if held else [])
