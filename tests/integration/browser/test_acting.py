"""What an agent's actions do on a real page."""

import asyncio
from pathlib import Path

import pytest
from fastapi import Request, Response
from tests.integration.browser.conftest import OpenPage, Site, words_of

from rolldeck.browser.page import ChromiumPage
from rolldeck.domain.action import (
    Action,
    Back,
    Click,
    Drag,
    Forward,
    HoldKey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    Move,
    Navigate,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)
from rolldeck.domain.solution import Target

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOG = "<output id=log></output><script>const say = (text) => log.textContent += text + ' ';</script>"


async def click(page: ChromiumPage, target: Target) -> str | None:
    box = await page.locate(target, 10)
    return words_of(await page.perform(Click(x=round(box.x + box.width / 2), y=round(box.y + box.height / 2))))


async def logged(page: ChromiumPage) -> str:
    return await page.read_text(Target(css="#log"), 10)


async def shows(page: ChromiumPage, text: str) -> None:
    await page.locate(Target(text=text), 10)


async def test_mouse_actions_arrive_where_they_are_aimed(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<style>body{margin:0;height:3000px}</style><script>
        for (const kind of ["click", "dblclick", "contextmenu", "auxclick"])
            addEventListener(kind, (e) => say(`${kind}@${e.clientX},${e.clientY}/${e.button}`));
        addEventListener("scroll", () => { document.title = `${scrollX},${scrollY}`; });
        addEventListener("mousemove", (e) => { window.at = [e.clientX, e.clientY]; });</script>"""
    )
    assert words_of(await page.perform(Click(x=300, y=200))) is None
    assert words_of(await page.perform(Click(x=301, y=200, button="right"))) is None
    assert words_of(await page.perform(Click(x=400, y=300, count=2))) is None
    assert words_of(await page.perform(Move(x=700, y=600))) is None
    assert words_of(await page.perform(Scroll(x=500, y=500, dy=250))) is None
    await page.locate(Target(css="html"), 5)
    log = await logged(page)
    assert "click@300,200/0" in log
    assert "contextmenu@301,200/2" in log
    assert "dblclick@400,300/0" in log
    await shows_title(page, "0,250")


async def shows_title(page: ChromiumPage, title: str) -> None:
    await page._page.wait_for_function("title => document.title === title", arg=title, timeout=5000)


async def test_the_far_edge_is_the_last_pixel_and_beyond_it_is_refused_with_words(show: OpenPage) -> None:
    page = await show(LOG + "<script>addEventListener('click', (e) => say(`${e.clientX},${e.clientY}`))</script>")
    assert words_of(await page.perform(Click(x=1440, y=900))) is None
    assert await logged(page) == "1439,899"
    for x, y in ((1441, 5), (5, 901), (-1, 5)):
        words = words_of(await page.perform(Click(x=x, y=y)))
        assert words is not None
        assert "1440 × 900" in words


async def test_clicks_in_quick_succession_are_counted_with_any_button(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<p id=text style="position:absolute;left:0;top:100px">a paragraph to select</p><script>
        addEventListener("mouseup", (e) => say(`${e.button}x${e.detail}`));</script>"""
    )
    await page.perform(Click(x=40, y=125, count=3))
    assert await logged(page) == "0x1 0x2 0x3"
    assert await page._page.evaluate("String(getSelection()).trim()") == "a paragraph to select"
    await page.perform(Click(x=400, y=300, button="right", count=2))
    assert (await logged(page)).endswith("2x1 2x2")


async def test_a_click_and_a_scroll_can_have_keys_held(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<script>for (const kind of ["click", "wheel", "mousemove"]) addEventListener(kind, (e) => {
        if (kind !== "mousemove") say(`${kind}:${e.ctrlKey}/${e.shiftKey}/${e.altKey}`); });</script>"""
    )
    assert words_of(await page.perform(Click(x=300, y=300, held="ctrl+shift"))) is None
    assert words_of(await page.perform(Scroll(x=300, y=300, dy=100, held="Alt"))) is None
    assert words_of(await page.perform(Click(x=300, y=300))) is None
    await page._page.wait_for_function("log.textContent.split(' ').length === 4", timeout=5000)
    assert await logged(page) == "click:true/true/false wheel:false/false/true click:false/false/false"
    words = words_of(await page.perform(Click(x=300, y=300, held="a")))
    assert words is not None
    assert "cannot be held" in words


async def test_a_button_stays_down_until_it_is_released(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<script>for (const kind of ["mousedown", "mouseup"])
        addEventListener(kind, (e) => say(`${kind}@${e.clientX}`));
        addEventListener("mousemove", (e) => say(`move@${e.clientX}/${e.buttons}`));</script>"""
    )
    for action in (Move(x=100, y=300), MouseDown(), Move(x=200, y=300), MouseUp(), Move(x=300, y=300)):
        assert words_of(await page.perform(action)) is None
    assert await logged(page) == "move@100/0 mousedown@100 move@200/1 mouseup@200 move@300/0"
    assert words_of(await page.perform(MouseUp())) == "the left mouse button is not down"
    assert words_of(await page.perform(MouseDown(button="right"))) is None
    assert words_of(await page.perform(MouseDown(button="right"))) == "the right mouse button is down already"


async def test_a_key_stays_down_until_it_is_released(show: OpenPage) -> None:
    page = await show(
        LOG + "<script>addEventListener('click', (e) => say(`${e.shiftKey}`))</script><input aria-label=Text>"
    )
    await click(page, Target(label="Text"))
    for action in (KeyDown(key="shift"), Click(x=300, y=300), PressKey(keys="Shift+Tab"), Click(x=300, y=300)):
        assert words_of(await page.perform(action)) is None
    assert words_of(await page.perform(KeyUp(key="Shift"))) is None
    await page.perform(Click(x=300, y=300))
    assert await logged(page) == "false true true false"
    assert words_of(await page.perform(KeyUp(key="Shift"))) == "'Shift' is not held down"
    words = words_of(await page.perform(KeyDown(key="Control+a")))
    assert words is not None
    assert "one key at a time" in words


async def test_a_held_key_repeats_and_is_released(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<script>let repeats = 0; addEventListener("keydown", (e) => { if (e.repeat) repeats++; });
        addEventListener("keyup", (e) => say(`${e.key}:${e.shiftKey}:${repeats > 0}`));</script>"""
    )
    assert words_of(await page.perform(HoldKey(keys="Shift+ArrowDown", seconds=2))) is None
    assert await logged(page) == "ArrowDown:true:true Shift:false:true"


async def test_dragging_moves_in_many_small_steps(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<script>let moves = 0; addEventListener("mousedown", (e) => say(`down@${e.clientX}`));
        addEventListener("mousemove", (e) => { if (e.buttons) moves++; });
        addEventListener("mouseup", (e) => say(`up@${e.clientX},${e.clientY}/${moves}`));</script>"""
    )
    await page.perform(Drag(path=((100, 100), (300, 300), (500, 200))))
    down, up = (await logged(page)).split()
    assert down == "down@100"
    place, moves = up.removeprefix("up@").split("/")
    assert place == "500,200"
    assert int(moves) >= 10


async def test_html_drag_and_drop_works(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<div id=a draggable=true style="position:absolute;left:50px;top:100px;width:80px;height:80px;background:#ccc"></div>
        <div id=b style="position:absolute;left:400px;top:100px;width:200px;height:200px;background:#eee"></div>
        <script>a.ondragstart = (e) => e.dataTransfer.setData("text", "payload"); b.ondragover = (e) => e.preventDefault();
        b.ondrop = (e) => say(e.dataTransfer.getData("text"));</script>"""
    )
    await page.perform(Drag(path=((90, 140), (500, 200))))
    await shows(page, "payload")


async def test_typing_reaches_the_focus_as_from_a_keyboard(show: OpenPage) -> None:
    page = await show("<textarea aria-label=Text></textarea>")
    await click(page, Target(label="Text"))
    assert words_of(await page.perform(TypeText(text="Grüße, 世界 — (1 + 2)\nsecond"))) is None
    assert await page.read_text(Target(label="Text"), 5) == "Grüße, 世界 — (1 + 2)\nsecond"
    for keys in ("ctrl+A", "BackSpace"):
        assert words_of(await page.perform(PressKey(keys=keys))) is None
    assert await page.read_text(Target(label="Text"), 5) == ""
    await page.perform(TypeText(text="x" * 5000))
    assert await page.read_text(Target(label="Text"), 5) == "x" * 5000


async def test_a_long_line_is_typed_whole_and_ends_with_a_key_press(show: OpenPage) -> None:
    page = await show(LOG + "<textarea aria-label=Text onkeyup='say(event.key)'></textarea>")
    await click(page, Target(label="Text"))
    text = f"{'a' * 100}b\nshort\n{'c' * 100}"
    await page.perform(TypeText(text=text))
    assert await page.read_text(Target(label="Text"), 5) == text
    assert await logged(page) == "b Enter s h o r t Enter c"


TWO_FIELDS = "<input aria-label=From value='to be copied'><textarea aria-label=To></textarea>"


async def press(page: ChromiumPage, *chords: str) -> None:
    for keys in chords:
        assert words_of(await page.perform(PressKey(keys=keys))) is None


@pytest.mark.parametrize("copy", ["Control+C", "Control+X", "Meta+c"])
@pytest.mark.parametrize("paste", ["Control+V", "Shift+Insert", "ctrl+shift+v"])
async def test_what_was_copied_or_cut_can_be_pasted(show: OpenPage, copy: str, paste: str) -> None:
    page = await show(TWO_FIELDS)
    await click(page, Target(label="From"))
    await press(page, "Control+A", copy)
    await click(page, Target(label="To"))
    await press(page, paste, paste)
    assert await page.read_text(Target(label="To"), 5) == "to be copiedto be copied"


@pytest.mark.parametrize(
    "paste",
    [PressKey(keys="v"), PressKey(keys="V"), KeyDown(key="v"), HoldKey(keys="v", seconds=1), TypeText(text="v")],
)
async def test_a_paste_by_a_key_held_down_is_of_what_was_copied_here(show: OpenPage, paste: Action) -> None:
    page = await show(TWO_FIELDS)
    await click(page, Target(label="From"))
    await press(page, "Control+A", "Control+C")
    await click(page, Target(label="To"))
    for action in (KeyDown(key="Control"), paste, KeyUp(key="Control")):
        assert words_of(await page.perform(action)) is None
    assert await page.read_text(Target(label="To"), 5) == "to be copied"


async def test_what_a_page_says_it_copied_is_pasted(show: OpenPage) -> None:
    page = await show(
        TWO_FIELDS
        + """<script>document.addEventListener('copy', (event) => {
            event.clipboardData.setData('text/plain', 'something else'); event.preventDefault();
        });</script><button onclick="document.execCommand('copy')">Copy</button>"""
    )
    await click(page, Target(role="button", name="Copy"))
    await click(page, Target(label="To"))
    await press(page, "Control+V")
    assert await page.read_text(Target(label="To"), 5) == "something else"


async def test_what_one_rollout_copies_no_other_can_paste(show: OpenPage) -> None:
    one, other = await show(TWO_FIELDS), await show(TWO_FIELDS)
    await click(one, Target(label="From"))
    await press(one, "Control+A", "Control+C")
    await click(other, Target(label="To"))
    await press(other, "Control+V")
    assert await other.read_text(Target(label="To"), 5) == ""


async def test_an_unknown_key_is_answered_with_words_and_leaves_no_modifier_pressed(show: OpenPage) -> None:
    page = await show("<input aria-label=Text autofocus>")
    words = words_of(await page.perform(PressKey(keys="Control+Hyper")))
    assert words is not None
    assert "Hyper" in words
    await click(page, Target(label="Text"))
    await page.perform(TypeText(text="a"))
    assert await page.read_text(Target(label="Text"), 5) == "a"


async def test_a_select_opens_inside_of_the_page_and_works_by_mouse_and_by_keyboard(show: OpenPage) -> None:
    page = await show("<select aria-label=Pick><option>one<option>two<option>three</select><p>below</p>")
    closed = (await page.view()).screenshot
    await click(page, Target(label="Pick"))
    opened = (await page.view()).screenshot
    assert opened != closed
    await click(page, Target(role="option", name="three"))
    assert await page.read_text(Target(label="Pick"), 5) == "three"
    await click(page, Target(label="Pick"))
    for keys in ("ArrowUp", "Enter"):
        await page.perform(PressKey(keys=keys))
    assert await page.read_text(Target(label="Pick"), 5) == "two"


async def test_navigating_by_path_and_through_the_history(show: OpenPage, site: Site) -> None:
    page = await show("first")
    site.pages["/two"] = "second"
    for action, word in ((Back(), "back"), (Forward(), "forward")):
        words = words_of(await page.perform(action))
        assert words is not None
        assert word in words
    assert words_of(await page.perform(Navigate(url="/two"))) is None
    assert (await page.view()).url == f"{site.origin}/two"
    assert words_of(await page.perform(Back())) is None
    assert (await page.view()).url == f"{site.origin}/"
    assert words_of(await page.perform(Forward())) is None
    assert (await page.view()).url == f"{site.origin}/two"


async def test_the_history_of_a_page_that_changes_its_own_address_can_be_walked(show: OpenPage, site: Site) -> None:
    page = await show("<button onclick=\"history.pushState(0, '', '/deep')\">Go</button>")
    await click(page, Target(role="button"))
    assert (await page.view()).url == f"{site.origin}/deep"
    assert words_of(await page.perform(Back())) is None
    assert (await page.view()).url == f"{site.origin}/"


async def test_waiting_and_looking_change_nothing(show: OpenPage) -> None:
    page = await show("still")
    assert words_of(await page.perform(Wait(seconds=0))) is None
    assert words_of(await page.perform(Screenshot())) is None


@pytest.mark.parametrize(
    "opener",
    [
        "<a href=/two target=_blank>Go</a>",
        "<a href=/two target=elsewhere>Go</a>",
        "<base target=_blank><a href=/two>Go</a>",
        "<button onclick=\"window.open('/two')\">Go</button>",
        "<button onclick=\"const w = window.open('about:blank', '_blank'); w.location = '/two'\">Go</button>",
        "<button onclick=\"const w = window.open(); w.location.href = '/two'; w.focus()\">Go</button>",
        "<button onclick=\"window.open('/two', 'named', 'width=200,noopener')\">Go</button>",
        "<form action=/two method=post target=_blank><button>Go</button></form>",
        "<form action=/two method=post id=f target=_blank></form><button onclick=f.submit()>Go</button>",
        "<form action=/two><button formtarget=_blank>Go</button></form>",
    ],
)
async def test_what_would_open_in_a_new_tab_opens_in_the_page(show: OpenPage, site: Site, opener: str) -> None:
    page = await show(opener)
    site.pages["/two"] = "arrived"
    await click(page, Target(text="Go"))
    await shows(page, "arrived")
    assert (await page.view()).url.startswith(f"{site.origin}/two")
    assert len(page._page.context.pages) == 1
    assert next(request for request in site.requests if "/two" in request).startswith(
        "POST" if "method=post" in opener else "GET"
    )


async def test_a_middle_click_opens_in_the_page_too(show: OpenPage, site: Site) -> None:
    page = await show("<a href=/two>Go</a>")
    site.pages["/two"] = "arrived"
    box = await page.locate(Target(text="Go"), 5)
    await page.perform(Click(x=round(box.x + 3), y=round(box.y + 3), button="middle"))
    await shows(page, "arrived")


async def test_a_link_into_a_frame_stays_in_the_frame(show: OpenPage, site: Site) -> None:
    page = await show("<iframe name=inner></iframe><a href=/two target=inner>Go</a>")
    site.pages["/two"] = "arrived"
    await click(page, Target(text="Go"))
    assert (await page.view()).url == f"{site.origin}/"
    assert "GET /two" in site.requests


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("alert('stop')", "“stop”; it was accepted"),
        ("say(confirm('sure?'))", "“sure?”; it was accepted"),
        ("say(prompt('name?', 'Ada'))", "“name?”; it was answered with “Ada”"),
    ],
)
async def test_a_dialog_is_answered_and_the_agent_is_told(show: OpenPage, script: str, said: str) -> None:
    page = await show(LOG + f'<button onclick="{script}">Go</button>')
    words = await click(page, Target(role="button"))
    assert words is not None
    assert said in words
    assert words_of(await page.perform(Screenshot())) is None, "it is told once"
    if "say" in script:
        assert await logged(page) in {"true", "Ada"}


async def test_a_page_that_asks_whether_to_leave_is_left(show: OpenPage, site: Site) -> None:
    page = await show("<script>addEventListener('beforeunload', (e) => e.preventDefault())</script><button>b</button>")
    site.pages["/two"] = "arrived"
    await click(page, Target(role="button"))
    await page.perform(Navigate(url="/two"))
    await shows(page, "arrived")


async def test_a_flood_of_dialogs_is_told_in_a_few_words(show: OpenPage) -> None:
    page = await show('<button onclick="for (let i = 0; i < 30; i++) alert(i)">Go</button>')
    words = await click(page, Target(role="button"))
    assert words is not None
    assert len(words.splitlines()) <= 8


async def test_downloads_are_kept_under_harmless_names_and_the_agent_is_told(
    show: OpenPage, site: Site, tmp_path: Path
) -> None:
    async def csv(_: Request) -> Response:
        return Response("a,b", headers={"Content-Disposition": "attachment; filename*=UTF-8''..%2F..%2Forders.csv"})

    site.pages["/csv"] = csv
    page = await show("<a href=/csv>Export</a><a href=/csv target=_blank>Other</a>")
    async with asyncio.timeout(10):
        for link in ("Export", "Other"):
            told = await click(page, Target(text=link))
            while told is None:
                told = words_of(await page.perform(Screenshot()))
            assert "was downloaded (3 bytes)" in told
    kept = sorted(path.name for path in (tmp_path / "downloads").iterdir())
    assert len(kept) == 2, "the second of the same name beside the first"
    assert all("orders" in name and "/" not in name for name in kept)
    assert {path.read_text() for path in (tmp_path / "downloads").iterdir()} == {"a,b"}
    assert (await page.view()).url == f"{site.origin}/"


async def test_navigating_to_a_download_is_no_error(show: OpenPage, site: Site) -> None:
    async def csv(_: Request) -> Response:
        return Response("a,b", headers={"Content-Disposition": "attachment; filename=x.csv"})

    site.pages["/csv"] = csv
    page = await show("here")
    words = words_of(await page.perform(Navigate(url="/csv")))
    assert words is None or "downloaded" in words


async def test_a_file_chooser_is_dismissed_and_the_agent_is_told(show: OpenPage) -> None:
    page = await show("<input type=file aria-label=Upload>")
    words = await click(page, Target(label="Upload"))
    async with asyncio.timeout(5):
        while words is None:
            words = words_of(await page.perform(Screenshot()))
    assert "none can be chosen" in words


async def test_permissions_are_refused_without_asking(show: OpenPage) -> None:
    page = await show(
        LOG
        + """<button onclick="navigator.geolocation.getCurrentPosition(() => say('given'), (e) => say('refused ' + e.code));
        Notification.requestPermission().then(say)">Go</button>"""
    )
    await click(page, Target(role="button"))
    await shows(page, "refused 1")
    await shows(page, "denied")


async def test_an_action_on_a_page_that_hangs_ends_with_words(show: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolldeck.browser.page._ACTION_SECONDS", 0.5)
    page = await show("<button onclick='while (true) {}'>Go</button>")
    async with asyncio.timeout(10):
        words = await click(page, Target(role="button"))
        assert words is not None or words_of(await page.perform(Click(x=5, y=5))) is not None


OUTSIDE = {
    "a link": "<a href=http://example.com/x>Go</a>",
    "a link to a new tab": "<a href=http://example.com/x target=_blank>Go</a>",
    "a form": "<form action=http://example.com/x method=post><input name=a value=b><button>Go</button></form>",
    "a redirect": "<a href=/away>Go</a>",
    "a script": "<button onclick=\"location = 'http://example.com/x'\">Go</button>",
    "a new window": "<button onclick=\"window.open('http://example.com/x', 'named')\">Go</button>",
    "another scheme": "<a href=https://example.com/x>Go</a>",
    "a port that browsers refuse": "<a href=http://127.0.0.1:22/>Go</a>",
    "data": "<a href='data:text/html,x'>Go</a>",
    "a file": "<a href=file:///etc/passwd>Go</a>",
    "the browser's own pages": "<a href=chrome://version>Go</a>",
    "a page's source": "<a href=view-source:http://example.com/>Go</a>",
    "another program": "<a href=mailto:ada@example.com>Go</a>",
}


@pytest.mark.parametrize("way", OUTSIDE.values(), ids=OUTSIDE.keys())
async def test_a_page_that_wants_to_leave_the_environment_stays_and_the_agent_is_told(
    show: OpenPage, site: Site, way: str
) -> None:
    async def away(_: Request) -> Response:
        return Response(status_code=302, headers={"Location": "http://example.com/x"})

    site.pages["/away"] = away
    page = await show(way + "<input aria-label=Text value=kept>")
    told = await click(page, Target(text="Go"))
    async with asyncio.timeout(5):
        while told is None:
            told = (await page.view()).notice
    assert f"only addresses of {site.origin} are" in told
    assert (await page.view()).url == f"{site.origin}/"
    assert await page.read_text(Target(label="Text"), 5) == "kept"
    assert len(page._page.context.pages) == 1


async def test_a_middle_click_on_a_link_elsewhere_opens_nothing(show: OpenPage, site: Site) -> None:
    page = await show("<a href=http://example.com/x>Go</a>")
    box = await page.locate(Target(text="Go"), 5)
    told = words_of(await page.perform(Click(x=round(box.x + 3), y=round(box.y + 3), button="middle")))
    async with asyncio.timeout(5):
        while told is None or len(page._page.context.pages) > 1:
            told = (await page.view()).notice or told
    assert "http://example.com/x" in told
    assert (await page.view()).url == f"{site.origin}/"


async def test_an_address_that_redirects_elsewhere_is_answered_with_words(show: OpenPage, site: Site) -> None:
    async def away(_: Request) -> Response:
        return Response(status_code=302, headers={"Location": "http://example.com/x"})

    site.pages["/away"] = away
    page = await show("here")
    words = words_of(await page.perform(Navigate(url="/away")))
    assert words is not None
    assert "the one before is still there" in words
    assert "http://example.com/x" in words
    assert (await page.view()).url == f"{site.origin}/"


async def test_a_page_that_wants_to_leave_again_and_again_is_told_of_once(show: OpenPage) -> None:
    page = await show("<script>setInterval(() => { location = 'http://example.com/x' }, 50)</script>")
    assert words_of(await page.perform(Wait(seconds=0.5))) is not None
    told = words_of(await page.perform(Wait(seconds=0.5)))
    assert told is not None
    assert len(told.splitlines()) == 1


async def test_frames_of_the_page_may_show_what_they_want_as_far_as_it_can_be_reached(
    show: OpenPage, site: Site
) -> None:
    site.pages["/inner"] = "inside"
    page = await show("<iframe src=http://example.com/></iframe><iframe src=/inner></iframe>")
    assert (await page.view()).notice is None
    assert "GET /inner" in site.requests
