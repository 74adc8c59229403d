"""Coordinates of a downscaled screenshot name pixels of the page, exactly."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rolldeck.agents.models.arguments import Point
from rolldeck.agents.models.scale import Scale

sides = st.integers(1, 4000)


def picture(width: int, height: int) -> bytes:
    """A PNG whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


@given(sides, sides, sides, st.data())
def test_every_shown_pixel_maps_into_the_page_and_back_to_itself(
    width: int, height: int, longest: int, data: st.DataObject
) -> None:
    scale = Scale.within(width, height, longest)
    shown = Point(data.draw(st.integers(0, scale.shown_width - 1)), data.draw(st.integers(0, scale.shown_height - 1)))
    x, y = scale.to_page(shown)
    assert 0 <= x < width
    assert 0 <= y < height
    assert scale.to_shown(Point(x, y)) == shown


def test_a_picture_that_is_small_enough_is_shown_as_it_is() -> None:
    scale = Scale.within(1280, 800, 1568)
    screenshot = picture(1280, 800)
    assert scale.to_page(Point(37, 41)) == Point(37, 41)
    assert scale.shown(screenshot) is screenshot


def test_a_large_picture_is_shown_smaller_in_the_same_proportions() -> None:
    scale = Scale.within(2560, 1600, 1280)
    assert opened(scale.shown(picture(2560, 1600))).size == (1280, 800)
    assert scale.to_page(Point(10, 20)) == Point(21, 41)


def test_a_coordinate_outside_of_the_picture_is_outside_of_the_page() -> None:
    scale = Scale.within(2560, 1600, 1280)
    assert scale.to_page(Point(1281, 10)).x > 2560
    assert scale.to_page(Point(-1, 10)).x < 0


@pytest.mark.parametrize(("region", "size"), [((0, 0, 320, 200), (1280, 800)), ((0, 0, 100, 800), (100, 800))])
def test_a_region_is_enlarged_as_far_as_the_picture_allows(
    region: tuple[int, int, int, int], size: tuple[int, int]
) -> None:
    scale = Scale.within(2560, 1600, 1280)
    image = opened(scale.enlarged(picture(2560, 1600), region))
    assert image.size == size
    assert image.getpixel((5, 5)) == (255, 0, 0)
