"""The agent that performs a task's own solution, as a person would: it looks for what the solution names, and acts there.

It is given the solution only, never the task: what it answers can only be what it read from the page.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import JsonValue

from rolldeck.agents.pattern import first_group
from rolldeck.agents.port import Observation, PageReader, Turn
from rolldeck.agents.reading import as_value, nested
from rolldeck.domain.action import (
    Action,
    Click,
    Drag,
    Move,
    Navigate,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)
from rolldeck.domain.errors import AgentError
from rolldeck.domain.solution import (
    ClickOn,
    DragTo,
    GoTo,
    HoverOver,
    Pause,
    Press,
    ReadTable,
    ReadText,
    ScrollBy,
    SolutionStep,
    Target,
    TypeInto,
    WaitFor,
)

Look = WaitFor | ReadText | ReadTable
Deed = GoTo | ClickOn | HoverOver | TypeInto | Press | ScrollBy | DragTo | Pause


class OracleAgent:
    """Performs one solution, once. A turn is one deed of it, or all the looks (waiting, reading) up to the next deed."""

    def __init__(self, solution: Sequence[SolutionStep], page: PageReader) -> None:
        self._solution = solution
        self._page = page
        self._done = 0
        self._read: list[tuple[str, JsonValue]] = []

    async def act(self, observation: Observation) -> Turn:
        """Return the next turn; after the last step, the answer: JSON of what was read, or "" where nothing was.

        Raises ``AgentError`` that names the step whose target is not there, or whose action had no effect.
        """
        self._refuse_failed_actions(observation)
        if self._done == len(self._solution):
            return Turn(message="Done.", answer=self._answer())
        step = self._solution[self._done]
        if isinstance(step, Look):
            return await self._look()
        with self._naming(step):
            actions = await self._actions(step, observation)
        self._done += 1
        return Turn(message=describe(step), actions=actions)

    async def close(self) -> None:
        """Hold nothing, let go of nothing."""

    def _refuse_failed_actions(self, observation: Observation) -> None:
        failed = next((result.error for result in observation.results if result.error is not None), None)
        if failed is None:
            return
        self._done -= 1
        with self._naming(self._solution[self._done]):
            raise AgentError(f"had no effect: {failed}")

    def _answer(self) -> str:
        return json.dumps(nested(self._read), ensure_ascii=False) if self._read else ""

    async def _look(self) -> Turn:
        """Wait and read until the next deed, then ask for a new screenshot, which shows what was seen."""
        messages = []
        while self._done < len(self._solution) and isinstance(step := self._solution[self._done], Look):
            with self._naming(step):
                messages.append(await self._seen(step))
            self._done += 1
        return Turn(message="\n".join(messages), actions=(Screenshot(),))

    @contextmanager
    def _naming(self, step: SolutionStep) -> Iterator[None]:
        try:
            yield
        except AgentError as error:
            place = f"step {self._done + 1} of {len(self._solution)} of the solution"
            raise AgentError(f"{place} ({describe(step)}): {error}") from error

    # ------------------------------------------------------------ looks

    async def _seen(self, step: Look) -> str:
        """Wait or read as the step says; what was read is kept for the answer. Returns the message."""
        match step:
            case WaitFor(gone=True):
                await self._page.wait_gone(step.target, step.timeout)
                return describe(step)
            case WaitFor():
                await self._page.locate(step.target, step.timeout)
                return describe(step)
            case ReadText():
                value = await self._text(step)
            case ReadTable():
                value = await self._column(step)
        self._read.append((step.into, value))
        return f"{describe(step)}: {_shortened(json.dumps(value, ensure_ascii=False))}"

    async def _text(self, step: ReadText) -> JsonValue:
        text = await self._page.read_text(step.target, step.timeout)
        if step.pattern is not None:
            found = await first_group(step.pattern, text)
            if found is None:
                raise AgentError(f"the text {_shortened(text)!r} does not match {step.pattern!r}")
            text = found
        return as_value(text, step.as_)

    async def _column(self, step: ReadTable) -> JsonValue:
        rows = await self._page.read_table(step.target, step.timeout)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        if step.column not in columns:
            shown = ", ".join(repr(column) for column in columns[:30]) or "none, it has no rows"
            raise AgentError(f"the table has no column {step.column!r}; its columns: {shown}")
        values = [row.get(step.column, "") for row in rows]
        if step.row is None:
            return [as_value(value, step.as_) for value in values]
        if not -len(values) <= step.row < len(values):
            raise AgentError(f"the table has {len(values)} rows: there is no row {step.row}")
        return as_value(values[step.row], step.as_)

    # ------------------------------------------------------------ deeds

    async def _actions(self, step: Deed, observation: Observation) -> tuple[Action, ...]:
        """Return what a person's hands do for a step."""
        match step:
            case GoTo():
                return (Navigate(url=step.path),)
            case ClickOn():
                x, y = await self._middle(step.target, step.timeout)
                return (Click(x=x, y=y, button=step.button, count=2 if step.double else 1),)
            case HoverOver():
                x, y = await self._middle(step.target, step.timeout)
                return (Move(x=x, y=y),)
            case TypeInto():
                return await self._typing(step)
            case Press():
                return (PressKey(keys=step.keys),)
            case ScrollBy():
                x, y = observation.width // 2, observation.height // 2
                if step.target is not None:
                    x, y = await self._middle(step.target, step.timeout)
                return (Scroll(x=x, y=y, dx=step.dx, dy=step.dy),)
            case DragTo():
                end = await self._middle(step.to, step.timeout)
                start = await self._middle(step.target, step.timeout)
                return (Drag(path=(start, end)),)
            case Pause():
                return (Wait(seconds=step.seconds),)

    async def _typing(self, step: TypeInto) -> tuple[Action, ...]:
        actions: list[Action] = []
        if step.target is not None:
            x, y = await self._middle(step.target, step.timeout)
            actions.append(Click(x=x, y=y))
        if step.clear:
            actions += [PressKey(keys="Control+A"), PressKey(keys="Delete")]
        if step.text:
            actions.append(TypeText(text=step.text))
        return tuple(actions)

    async def _middle(self, target: Target, timeout: float) -> tuple[int, int]:
        box = await self._page.locate(target, timeout)
        return int(box.x + box.width / 2), int(box.y + box.height / 2)


def describe(step: SolutionStep) -> str:
    """Say what a step does, in words for a person who watches: ``Click button “Run”``."""
    match step:
        case GoTo():
            return f"Go to {step.path}"
        case ClickOn():
            verb = (
                "Double-click" if step.double else "Click" if step.button == "left" else f"{step.button.title()}-click"
            )
            return f"{verb} {_named(step.target)}"
        case HoverOver():
            return f"Point at {_named(step.target)}"
        case TypeInto():
            return f"Type “{_shortened(step.text)}”" + (f" into {_named(step.target)}" if step.target else "")
        case Press():
            return f"Press {step.keys}"
        case ScrollBy():
            place = _named(step.target) if step.target else "the page"
            return (
                f"Scroll {place} by {step.dx}, {step.dy} pixels" if step.dx else f"Scroll {place} by {step.dy} pixels"
            )
        case DragTo():
            return f"Drag {_named(step.target)} to {_named(step.to)}"
        case Pause():
            return f"Wait {step.seconds:g} s"
        case _:
            return _describe_look(step)


def _describe_look(step: Look) -> str:
    match step:
        case WaitFor():
            return f"Wait until {_named(step.target)} is {'gone' if step.gone else 'there'}"
        case ReadText():
            return f"Read {step.into} from {_named(step.target)}"
        case ReadTable():
            row = "" if step.row is None else f", row {step.row + 1}" if step.row >= 0 else ", last row"
            place = _named(step.target) if step.target else "the table"
            return f"Read {step.into} from column “{step.column}”{row} of {place}"


def _named(target: Target) -> str:
    """Name an element as its target does: ``button “Run” in dialog “Save”``."""
    words = [
        f"{target.role} “{target.name}”" if target.name else target.role,
        target.text and f"“{target.text}”",
        target.label and f"the field “{target.label}”",
        target.placeholder and f"the field “{target.placeholder}”",
        target.css,
    ]
    name = ", ".join(word for word in words if word)
    which = "" if target.nth == 0 else " (the last one)" if target.nth == -1 else f" (number {target.nth + 1})"
    return f"{name}{which}" + (f" in {_named(target.within)}" if target.within else "")


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
