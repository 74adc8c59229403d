"""Finding and reading what a person sees on a real page."""

import pytest
from tests.integration.browser.conftest import OpenPage

from rolldeck.domain.errors import AgentError
from rolldeck.domain.solution import Target

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = """<h1>People</h1><table id=people>
<thead><tr><th>Name<th>Born<th>Name</thead>
<tbody><tr><td>Ada<td> 1815
 <td>Lovelace<tr><td>Grace<td>1906<td>Hopper<tr><td colspan=2>Alan<td>Turing</tbody></table>
<button>Save</button><button>Save as</button><button disabled>Run</button><button style="display:none">Hidden</button>
<label>City <input value=Paris></label><input placeholder="Search here">
<select aria-label=Pick><option>one<option selected>two</select>
<ul><li>Ada <button>Delete</button><li>Grace <button>Delete</button></ul>"""


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target(role="heading"), "People"),
        (Target(role="button", name="Save", exact=True), "Save"),
        (Target(role="button", name="Save", nth=1), "Save as"),
        (Target(role="button", name="Save", nth=-1), "Save as"),
        (Target(text="Lovelace"), "Lovelace"),
        (Target(role="row", text="Grace"), "Grace\t1906\tHopper"),
        (Target(role="listitem", text="Grace"), "Grace Delete"),
        (Target(css="li", text="ada delete"), "Ada Delete"),
        (Target(role="button", within=Target(role="listitem", text="Grace")), "Delete"),
        (Target(label="City"), "Paris"),
        (Target(label="Pick"), "two"),
        (Target(role="textbox", placeholder="Search here"), ""),
        (Target(css="td", nth=-1), "Turing"),
    ],
)
async def test_an_element_is_read_by_what_a_person_sees_of_it(show: OpenPage, target: Target, text: str) -> None:
    page = await show(PEOPLE)
    assert await page.read_text(target, 5) == text


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target(role="button", name="Hidden"), "visible elements of role button: 'Save', 'Save as', 'Run'"),
        (Target(role="button", name="Save", nth=5), "only 2 of it are there"),
        (Target(text="Nowhere"), "the page is '/' at http://127.0.0.1"),
        (Target(role="nonsense"), "visible elements of role nonsense: none"),
        (Target(text="x", within=Target(css="#nothing")), "css '#nothing' is not there either"),
        (Target(css="][ not css"), "not css"),
    ],
)
async def test_what_is_not_there_is_named_with_what_was_found_instead(
    show: OpenPage, target: Target, said: str
) -> None:
    page = await show(PEOPLE)
    with pytest.raises(AgentError) as error:
        await page.locate(target, 0.3)
    assert said in str(error.value)


async def test_an_element_further_down_is_scrolled_into_view_and_its_box_cut_to_the_page(show: OpenPage) -> None:
    page = await show("<div style='height:5000px'></div><button>Far</button><div style='height:5000px'></div>")
    box = await page.locate(Target(role="button"), 5)
    assert 0 <= box.y <= 900 - box.height
    box = await page.locate(Target(css="body"), 5)
    assert (box.y, box.y + box.height) == (0, 900)


async def test_an_element_that_appears_later_is_waited_for(show: OpenPage) -> None:
    page = await show("<script>setTimeout(() => { document.body.innerHTML = '<button>Late</button>'; }, 300)</script>")
    assert (await page.locate(Target(role="button", name="Late"), 5)).width > 0


async def test_an_element_that_the_page_keeps_replacing_is_found_once_it_stays(show: OpenPage) -> None:
    page = await show(
        """<div id=here></div><script>
        let left = 25;
        const again = () => {
            here.innerHTML = "<button style='margin:" + left + "px'>Save</button>";
            if (left-- > 0) setTimeout(again, 20);
        };
        again();
        </script>"""
    )
    box = await page.locate(Target(role="button", name="Save"), 10)
    assert box.width > 0


async def test_a_passing_cover_is_waited_for(show: OpenPage) -> None:
    page = await show(
        """<button>Under</button><div id=cover style="position:fixed;inset:0;background:#0003"></div>
        <script>setTimeout(() => { cover.remove(); document.title = "uncovered"; }, 400)</script>"""
    )
    await page.locate(Target(role="button"), 5)
    assert await page._page.title() == "uncovered"


async def test_waiting_until_something_is_gone(show: OpenPage) -> None:
    page = await show(
        "<p>Loading</p><script>setTimeout(() => document.querySelector('p').remove(), 200)</script><b>x</b>"
    )
    await page.wait_gone(Target(text="Loading"), 5)
    await page.wait_gone(Target(text="Never there"), 5)
    with pytest.raises(AgentError, match=r"still on the page after 0\.2 s"):
        await page.wait_gone(Target(css="b"), 0.2)


async def test_a_table_is_read_by_its_headers(show: OpenPage) -> None:
    page = await show(PEOPLE)
    expected = [
        {"Name": "Ada", "Born": "1815", "Name (2)": "Lovelace"},
        {"Name": "Grace", "Born": "1906", "Name (2)": "Hopper"},
        {"Name": "Alan", "Born": "Alan", "Name (2)": "Turing"},
    ]
    assert await page.read_table(None, 5) == expected
    assert await page.read_table(Target(css="#people"), 5) == expected
    assert await page.read_table(Target(css="body"), 5) == expected, "the table inside of the target"


GRID = """<div role=grid><div role=rowgroup><div role=row aria-rowindex=1>
<div role=columnheader aria-colindex=3>Total</div><div role=columnheader aria-colindex=1><span>City</span> <i></i></div>
<div role=columnheader aria-colindex=2>Year</div></div></div>
<div role=rowgroup><div role=row aria-rowindex=3><div role=gridcell aria-colindex=1>Rome</div></div>
<div role=row aria-rowindex=2><div role=gridcell aria-colindex=1>Paris</div></div></div>
<div role=rowgroup><div role=row aria-rowindex=3><div role=gridcell aria-colindex=3>20</div><div role=gridcell aria-colindex=2>2024</div></div>
<div role=row aria-rowindex=2><div role=gridcell aria-colindex=2>2023</div><div role=gridcell aria-colindex=3>10</div></div></div></div>"""


async def test_a_grid_with_pinned_columns_in_any_order_is_read_as_it_looks(show: OpenPage) -> None:
    page = await show(GRID)
    rows = await page.read_table(None, 5)
    assert rows == [
        {"City": "Paris", "Year": "2023", "Total": "10"},
        {"City": "Rome", "Year": "2024", "Total": "20"},
    ]
    assert [list(row) for row in rows] == [["City", "Year", "Total"]] * 2


async def test_rows_that_come_late_are_waited_for(show: OpenPage) -> None:
    page = await show(
        """<table><thead><tr><th>A</thead><tbody></tbody></table>
        <script>setTimeout(() => { document.querySelector("tbody").innerHTML = "<tr><td>1<tr><td>2"; }, 300)</script>"""
    )
    assert await page.read_table(None, 5) == [{"A": "1"}, {"A": "2"}]


async def test_an_empty_table_has_no_rows_and_a_page_without_one_is_an_error(show: OpenPage) -> None:
    page = await show("<table><thead><tr><th>A</thead><tbody></tbody></table>")
    assert await page.read_table(None, 2) == []
    page = await show("nothing")
    with pytest.raises(AgentError, match="no table"):
        await page.read_table(None, 0.3)


async def test_a_table_without_headers_is_read_by_position(show: OpenPage) -> None:
    page = await show("<table><tr><td>a<td>b<tr><td>c<td>d</table>")
    assert await page.read_table(None, 5) == [{"1": "a", "2": "b"}, {"1": "c", "2": "d"}]
