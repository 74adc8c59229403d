"""A task's solution: user actions on the page, declared, that the oracle agent performs.

A solution names what a person would look for (a role and a name, a text, a label), never coordinates. It holds no
expected value: what the oracle answers is what ``read_*`` steps found on the page.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

AppPath = Annotated[
    str,
    # "//host", "/\\host" and a tab between the slashes are another origin to a browser.
    Field(pattern=r"^/([^/\\\x00-\x1f][^\x00-\x1f]*)?$", max_length=4000),
]
"""A path of the environment's own origin, with its query where it has one."""

AnswerPath = Annotated[str, Field(pattern=r"^[^.]+(\.[^.]+)*$", max_length=500)]
"""Where in the answer a value belongs: dotted keys (a number is an index in a list); ``$`` is the whole answer."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Part):
    """An element of the page, by what a person sees of it. At least one of the selecting fields must be given.

    Several selecting fields narrow each other; of several matches, ``nth`` (0 first, -1 last) picks one.
    """

    role: str | None = Field(default=None, description="ARIA role, e.g. button, link, row, cell")
    name: str | None = Field(default=None, description="accessible name; only with role")
    text: str | None = Field(default=None, description="visible text")
    label: str | None = Field(default=None, description="label of a form control")
    placeholder: str | None = None
    css: str | None = Field(default=None, description="CSS selector, where nothing better names the element")
    exact: bool = False
    nth: int = 0
    within: "Target | None" = Field(default=None, description="search inside this element only")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not any((self.role, self.text, self.label, self.placeholder, self.css)):
            raise ValueError("a target needs one of role, text, label, placeholder, css")
        if self.name is not None and self.role is None:
            raise ValueError("name goes with role")
        return self


class _Step(_Part):
    timeout: float = Field(default=20.0, gt=0, le=120, description="seconds to wait for what the step needs")


class GoTo(_Step):
    """Open a path of the environment."""

    do: Literal["goto"]
    path: AppPath


class ClickOn(_Step):
    """Click the middle of an element."""

    do: Literal["click"]
    target: Target
    double: bool = False
    button: Literal["left", "middle", "right"] = "left"


class HoverOver(_Step):
    """Move the pointer over an element."""

    do: Literal["hover"]
    target: Target


class TypeInto(_Step):
    """Type text, into an element clicked first or, without a target, at the focus."""

    do: Literal["type"]
    text: str
    target: Target | None = None
    clear: bool = Field(default=False, description="select everything in the field first")


class Press(_Step):
    """Press a key or a chord, e.g. ``Enter``, ``Control+Enter``."""

    do: Literal["press"]
    keys: str


class ScrollBy(_Step):
    """Turn the wheel over an element (or the middle of the page) by pixels."""

    do: Literal["scroll"]
    target: Target | None = None
    dx: int = 0
    dy: int = 0


class DragTo(_Step):
    """Drag an element onto another."""

    do: Literal["drag"]
    target: Target
    to: Target


class WaitFor(_Step):
    """Wait until an element is visible (or, with ``gone``, until none is)."""

    do: Literal["wait_for"]
    target: Target
    gone: bool = False


class Pause(_Step):
    """Wait a fixed time, for what shows no sign on the page (a debounced editor)."""

    do: Literal["pause"]
    seconds: float = Field(gt=0, le=10)


ReadAs = Literal["text", "number", "integer", "json"]


class ReadText(_Step):
    """Read an element's visible text (or a field's value) into the answer.

    ``pattern`` is a regular expression whose first group (without one, all that it matches) is taken.
    """

    do: Literal["read_text"]
    target: Target
    into: AnswerPath
    pattern: str | None = Field(default=None, min_length=1, max_length=500)
    as_: ReadAs = Field(default="text", alias="as")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return pattern


class ReadTable(_Step):
    """Read a column of a table on the page into the answer, by the column's header.

    With ``row`` (0 is the first) the one value; without it the list of all values, in order.
    """

    do: Literal["read_table"]
    target: Target | None = Field(default=None, description="the table; the first one visible if not given")
    column: str
    into: AnswerPath
    row: int | None = None
    as_: ReadAs = Field(default="text", alias="as")


SolutionStep = Annotated[
    GoTo | ClickOn | HoverOver | TypeInto | Press | ScrollBy | DragTo | WaitFor | Pause | ReadText | ReadTable,
    Field(discriminator="do"),
]
