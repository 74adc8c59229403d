"""How long a screenshot waits for a page that is still at it."""

import asyncio
import io
import statistics
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from PIL import Image
from tests.integration.browser.conftest import OpenPage, Site

from rolldeck.browser.page import ChromiumPage
from rolldeck.domain.action import Click

pytestmark = pytest.mark.asyncio(loop_scope="session")

BLUE = (0, 0, 204)
LONGEST = 2.0


def pixel(png: bytes, x: int = 700, y: int = 400) -> tuple[int, int, int]:
    colour = Image.open(io.BytesIO(png)).convert("RGB").getpixel((x, y))
    assert isinstance(colour, tuple)
    return colour[0], colour[1], colour[2]


async def waits(page: ChromiumPage, looks: int = 3) -> float:
    """Median seconds of a page's looks."""
    return statistics.median([(await page.view()).waited_seconds for _ in range(looks)])


async def colour_after_click(page: ChromiumPage) -> tuple[int, int, int]:
    await page.view()
    await page.perform(Click(x=5, y=5))
    return pixel((await page.view()).screenshot)


async def test_a_view_waits_for_what_an_action_set_going(show: OpenPage, site: Site) -> None:
    async def slow(_: Request) -> Response:
        await asyncio.sleep(0.4)
        return Response("#00c")

    site.pages["/slow"] = slow
    page = await show(
        """<body><script>document.onclick = async () => {
            const colour = await (await fetch("/slow")).text();
            setTimeout(() => { document.body.style.background = colour; }, 50);
        }</script>"""
    )
    assert await colour_after_click(page) == BLUE


async def test_a_view_waits_for_a_transition_that_ends(show: OpenPage) -> None:
    page = await show(
        """<style>body{background:#c00;transition:background .5s}.on{background:#00c}</style>
        <body><script>document.onclick = () => document.body.className = "on"</script>"""
    )
    assert await colour_after_click(page) == BLUE


async def test_a_view_waits_for_a_chart_that_is_drawn_step_by_step(show: OpenPage) -> None:
    page = await show(
        """<body style="margin:0"><canvas width=1400 height=800></canvas><script>
        const chart = document.querySelector("canvas").getContext("2d");
        document.onclick = () => {
            const begun = performance.now();
            const draw = () => {
                const done = Math.min((performance.now() - begun) / 400, 1);
                chart.fillStyle = `rgb(${Math.round(204 * (1 - done))},0,${Math.round(204 * done)})`;
                chart.fillRect(0, 0, 1400, 800);
                if (done < 1) requestAnimationFrame(draw);
            };
            draw();
        };</script>"""
    )
    assert await colour_after_click(page) == BLUE


async def test_a_quiet_page_is_viewed_at_once(show: OpenPage) -> None:
    page = await show("still")
    await page.view()
    assert await waits(page, 5) < LONGEST / 2, "usually 0.04; a busy machine"


RESTLESS = {
    "a clock": "<p>0</p><script>setInterval(() => { document.querySelector('p').textContent++ }, 1000)</script>",
    "a spinner": """<style>p{width:20px;height:20px;border:3px solid #ddd;border-top-color:red;animation:turn 1s linear infinite}
        @keyframes turn{to{transform:rotate(1turn)}}</style><p></p>""",
    "a WebSocket that talks": """<script>new WebSocket(`ws://${location.host}/nothing`)</script>""",
    "an event stream that talks": "<script>new EventSource('/talk')</script>",
    "a counter that never stops": """<p>0</p><script>
        setInterval(() => { document.querySelector('p').textContent++ }, 10)</script>""",
    "a picture that never stops": """<canvas></canvas><script>
        const pen = document.querySelector("canvas").getContext("2d"); let turn = 0;
        const draw = () => { pen.fillStyle = `hsl(${turn += 20},90%,50%)`; pen.fillRect(0, 0, 300, 150);
            requestAnimationFrame(draw); }; draw();</script>""",
}


@pytest.mark.parametrize("page", RESTLESS.values(), ids=RESTLESS.keys())
async def test_a_page_that_never_rests_is_waited_for_shortly(show: OpenPage, site: Site, page: str) -> None:
    async def talk(_: Request) -> Response:
        async def words() -> AsyncIterator[str]:
            for _ in range(400):
                yield "data: x\n\n"
                await asyncio.sleep(0.02)

        return StreamingResponse(words(), media_type="text/event-stream")

    site.pages["/talk"] = talk
    restless = await show(page)
    assert await waits(restless, 5) < LONGEST, "the first looks take half a second: until it is known to be endless"


POLLS = """<script>(async () => { while (true) await fetch("/poll"); })()</script>still"""


async def test_a_page_that_always_has_a_request_open_is_waited_for_as_long_as_patience_lasts(
    show: OpenPage, site: Site
) -> None:
    async def poll(_: Request) -> Response:
        await asyncio.sleep(0.5)
        return Response("")

    site.pages["/poll"] = poll
    page = await show(POLLS)
    assert (await page.view()).waited_seconds < 2 * LONGEST


async def test_a_request_that_is_not_answered_is_not_waited_for_for_ever(show: OpenPage, site: Site) -> None:
    async def never(_: Request) -> Response:
        await asyncio.sleep(8)
        return Response("")

    site.pages["/never"] = never
    page = await show("<script>onclick = () => fetch('/never')</script>still")
    await page.perform(Click(x=5, y=5))
    assert (await page.view()).waited_seconds < 2 * LONGEST
    started = time.monotonic()
    await page.view()
    assert time.monotonic() - started < LONGEST


async def test_a_page_on_its_way_to_another_is_waited_for(show: OpenPage, site: Site) -> None:
    async def slow(_: Request) -> Response:
        await asyncio.sleep(0.3)
        return Response("<!doctype html><body style='background:#00c'>", media_type="text/html")

    site.pages["/two"] = slow
    page = await show("<script>onclick = () => { location = '/two' }</script>first")
    assert await colour_after_click(page) == BLUE


async def test_what_a_hostile_page_redefines_does_not_reach_the_wait(show: OpenPage) -> None:
    page = await show(
        """<script>window.watch = 1; performance.now = () => NaN; window.setTimeout = () => {};
        window.requestAnimationFrame = () => {}; document.getAnimations = () => { throw 1 };
        MutationObserver = null; Promise.prototype.then = null;</script>still"""
    )
    assert await waits(page) < LONGEST
