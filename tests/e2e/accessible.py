"""What a page does to people who cannot see, point or tell colours apart, as axe-core finds it."""

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_STILL = "() => document.getAnimations().every((each) => each instanceof CSSAnimation || each.playState !== 'running')"


def expect_accessible(page: Page, part: str = ":root", pictures: Path | None = None) -> None:
    """Fail with what axe-core finds, in light and in dark, on a wide and on a narrow screen.

    ``part`` is the selector of what is looked at: of a page with an open dialog only that can be reached. ``pictures`` is a
    directory for a picture of each.
    """
    size = page.viewport_size
    page.evaluate(_AXE.read_text())
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(_STILL)  # a colour on its way to another is nobody's to read
            if pictures is not None:
                page.screenshot(path=pictures / f"{scheme}-{width}.png")
            found = page.evaluate("async part => (await axe.run(part)).violations", part)
            assert found == [], f"{scheme}, {width} px: " + str(
                [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]
            )
    page.emulate_media(color_scheme="light")
    if size is not None:
        page.set_viewport_size(size)
