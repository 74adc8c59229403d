"""Events of the log as lines that a person reads."""

from collections.abc import Callable

from pydantic import JsonValue
from rich.text import Text

from rolldeck.domain.event import EventKind, LoggedEvent, RolloutChange
from rolldeck.domain.person import TakeoverState
from rolldeck.domain.status import Event, Status

_SUBJECT_WIDTH = 35  # "rollout" and an id
_COLOURS = {
    Status.PENDING: "yellow",
    Status.PROVISIONING: "cyan",
    Status.RUNNING: "blue",
    Status.VERIFYING: "magenta",
    Status.COMPLETED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "dim",
}


def line_of(event: LoggedEvent) -> Text:
    """Return an event as one line: local time, what it is about, what happened."""
    what, colour = _WORDS[event.kind](event)
    line = Text(f"{event.at.astimezone():%H:%M:%S} ", style="dim")
    line.append(plain(_subject(event)).ljust(_SUBJECT_WIDTH), style="default not dim")
    line.append(plain(what), style=f"{colour} not dim" if colour != "dim" else "dim")
    return line


def plain(text: str) -> str:
    """Return a text that can do nothing to a terminal: names come from users, and what models say from anybody."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _subject(event: LoggedEvent) -> str:
    if event.rollout_id is not None:
        return f"rollout {event.rollout_id}"
    if event.batch_id is not None:
        return f"batch {event.batch_id}"
    return event.kind.value.partition(".")[0]


_Words = tuple[str, str]


def _status(event: LoggedEvent) -> _Words:
    change = RolloutChange.model_validate(event.data)
    who = change.agent if change.model is None else f"{change.agent} ({change.model})"
    parts = [f"task {event.task_id}" if event.task_id is not None else "", who, _attempt(change), *_figures(change)]
    return f"{_happened(change)}  {', '.join(part for part in parts if part)}", _colour(change)


def _happened(change: RolloutChange) -> str:
    outcome = change.outcome
    error = "" if outcome is None or outcome.error is None else f": {outcome.error}"
    if change.event is Event.REQUEUED:
        return f"failed{error}, another attempt follows"
    if change.event is Event.RELEASED:
        return "released by its worker, another attempt follows"
    if change.event is Event.RETRIED:
        return "queued once more"
    if change.status is Status.COMPLETED and outcome is not None and outcome.success is not None:
        verdict = "right" if outcome.success else "wrong"
        return f"completed, {verdict}" + (", reused" if change.event is Event.REUSED else "")
    return change.status.value + error


def _attempt(change: RolloutChange) -> str:
    return "" if change.attempt == 1 else f"attempt {change.attempt}"


def _figures(change: RolloutChange) -> list[str]:
    figures = []
    if change.seconds is not None:
        figures.append(f"{change.seconds:.1f} s")
    if change.steps is not None:
        figures.append(f"{change.steps} steps")
    if change.tokens:
        figures.append(f"{change.tokens:,} tokens")
    if change.cost is not None:
        figures.append(f"${change.cost:.4g}")
    return figures


def _colour(change: RolloutChange) -> str:
    if change.status is Status.COMPLETED and change.outcome is not None and change.outcome.success is False:
        return "yellow"
    return _COLOURS[change.status]


def _step(event: LoggedEvent) -> _Words:
    return f"step {event.data.get('index')}", "dim"


def _batch_created(event: LoggedEvent) -> _Words:
    reused = event.data.get("reused")
    name = event.data.get("name")
    words = f"{event.data.get('total')} rollouts queued" + (f", {reused} of them reused" if reused else "")
    return words if name is None else f"{name}: {words}", "bold"


def _batch_ended(event: LoggedEvent) -> _Words:
    data = event.data
    rate = f"{data.get('succeeded')} of {data.get('completed')} completed rollouts right"
    left_out = [f"{data[name]} {name}" for name in ("failed", "cancelled") if data.get(name)]
    words = ", ".join([f"ended: {rate}", *left_out])
    name = data.get("name")
    return words if name is None else f"{name}: {words}", "bold"


def _changed(event: LoggedEvent) -> _Words:
    return ", ".join(f"{name} {_value(value)}" for name, value in event.data.items()), "bold"


def _value(value: JsonValue) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return " ".join(map(_value, value))
        case _:
            return str(value)


def _question(event: LoggedEvent) -> _Words:
    data = event.data
    return f"asks a person to confirm {data.get('action')!r} within {_value(data.get('seconds'))} s", "bold yellow"


def _answer(event: LoggedEvent) -> _Words:
    return f"the question is closed: {str(event.data.get('decision')).replace('_', ' ')}", "default"


def _takeover(event: LoggedEvent) -> _Words:
    words, colour = _TAKEOVERS.get(str(event.data.get("state")), (f"takeover {event.data.get('state')}", "default"))
    reason = event.data.get("reason")
    return (words, colour) if reason is None else (f"{words}: {reason}", colour)


_TAKEOVERS: dict[str, _Words] = {
    TakeoverState.AWAITED: ("waits for a person to act", "bold yellow"),
    TakeoverState.ASKED: ("a person wants the page", "default"),
    TakeoverState.HELD: ("a person has the page", "bold"),
    TakeoverState.ENDED: ("the page was handed back to the agent", "default"),
}


def _worker(event: LoggedEvent) -> _Words:
    data = event.data
    blocked = data.get("blocked")
    words = f"{data.get('worker_id')} ({data.get('host')}, process {data.get('pid')}) is {data.get('state')}"
    return (words, "default") if blocked is None else (f"{words}, and claims nothing: {blocked}", "yellow")


def _deleted(event: LoggedEvent) -> _Words:
    rollouts = event.data.get("rollouts")
    return "deleted" if rollouts is None else f"deleted with {rollouts} rollouts", "dim"


def _build(event: LoggedEvent) -> _Words:
    data = event.data
    match data.get("state"):
        case "failed":
            return f"{data.get('name')}: the build failed: {data.get('error')}", "red"
        case "running" if "step" in data:
            return f"{data.get('name')}: step {data['step']} of {data.get('steps')}: {data.get('doing')}", "default"
        case state:
            return f"{data.get('name')}: {state}", "bold"


_WORDS: dict[EventKind, Callable[[LoggedEvent], _Words]] = {
    EventKind.TASKS_UPLOADED: _changed,
    EventKind.BATCH_CREATED: _batch_created,
    EventKind.BATCH_CHANGED: _changed,
    EventKind.BATCH_ENDED: _batch_ended,
    EventKind.BATCH_DELETED: _deleted,
    EventKind.ROLLOUT_STATUS: _status,
    EventKind.ROLLOUT_STEP: _step,
    EventKind.ROLLOUT_DELETED: _deleted,
    EventKind.QUESTION_ASKED: _question,
    EventKind.QUESTION_ANSWERED: _answer,
    EventKind.TAKEOVER_CHANGED: _takeover,
    EventKind.WORKER_CHANGED: _worker,
    EventKind.QUOTA_CHANGED: _changed,
    EventKind.TEMPLATE_BUILD: _build,
}
