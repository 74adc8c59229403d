"""What counts as doing the same again."""

import io

import pytest
from PIL import Image, ImageDraw

from rolldeck.domain.action import Action, Click, PressKey, Screenshot, Wait
from rolldeck.execution.stalling import StallWatch, looks_like, reduced

pytestmark = pytest.mark.asyncio

CLICK, OTHER = Click(x=10, y=10), Click(x=11, y=10)


def screen(*, caret: bool = False, clock: str = "", dialog: bool = False, size: tuple[int, int] = (1280, 800)) -> bytes:
    """A screenshot of a form, with a text cursor, a clock or a dialog on it."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for row in range(20):
        pen.text((40, 60 + row * 30), f"Row {row}: Gizmo, {row * 37 % 11}.50", fill="#222")
    if caret:
        pen.line((301, 203, 301, 221), fill="black")
    if clock:
        pen.text((1200, 20), clock, fill="#222")
    if dialog:
        pen.rectangle((500, 300, 640, 380), fill="#eee", outline="#888")
    with io.BytesIO() as file:
        image.save(file, "PNG")
        return file.getvalue()


async def after(steps: int, *turns: tuple[bytes, tuple[Action, ...]]) -> StallWatch:
    watch = StallWatch(steps)
    for screenshot, actions in turns:
        await watch.note(screenshot, actions)
    return watch


@pytest.mark.parametrize("other", [screen(clock="12:00:00", caret=True), screen(clock="12:00:01")])
async def test_a_cursor_that_blinks_and_a_clock_make_no_other_screen(other: bytes) -> None:
    assert looks_like(reduced(screen(clock="12:00:00")), reduced(other))


@pytest.mark.parametrize("other", [screen(dialog=True), screen(size=(1440, 900))])
async def test_a_dialog_or_another_size_makes_another_screen(other: bytes) -> None:
    assert not looks_like(reduced(screen()), reduced(other))


async def test_the_same_on_the_same_screen_is_hinted_at_and_twice_as_often_is_a_stall() -> None:
    turn = (screen(), (CLICK,))
    assert (await after(3, *[turn] * 2)).hint is None
    watch = await after(3, *[turn] * 3)
    assert watch.hint is not None
    assert "3 times" in watch.hint
    assert not watch.is_stalled
    assert (await after(3, *[turn] * 6)).is_stalled


async def test_another_action_or_another_screen_is_no_stall() -> None:
    turns = [
        (screen(), (CLICK,)),
        (screen(), (OTHER,)),
        (screen(dialog=True), (CLICK,)),
        (screen(), (PressKey(keys="Tab"),)),
    ]
    assert (await after(2, *turns)).hint is None


async def test_going_round_in_a_circle_is_one() -> None:
    circle = [(screen(), (CLICK,)), (screen(dialog=True), (PressKey(keys="Escape"),))]
    assert (await after(3, *circle * 3)).hint is not None
    assert (await after(3, *circle * 6)).is_stalled


async def test_waiting_for_a_slow_page_is_none() -> None:
    for action in (Wait(seconds=5), Screenshot()):
        assert (await after(2, *[(screen(), (action,))] * 9)).hint is None
    watch = await after(2, *[(screen(), (CLICK,))] * 2, (screen(), (Wait(seconds=5),)))
    assert watch.hint is None


async def test_what_was_done_long_ago_is_forgotten() -> None:
    others = [(screen(), (Click(x=x, y=400),)) for x in range(8)]
    assert (await after(2, (screen(), (CLICK,)), *others, (screen(), (CLICK,)))).hint is None
