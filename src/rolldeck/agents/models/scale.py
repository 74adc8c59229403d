"""Between the pixels of a picture that a model is shown and those of the page."""

import io
from dataclasses import dataclass

from PIL import Image

from rolldeck.agents.models.arguments import Point


@dataclass(frozen=True)
class Scale:
    """How a page of ``width`` × ``height`` is shown: as ``shown_width`` × ``shown_height``, all of it, nothing else."""

    width: int
    height: int
    shown_width: int
    shown_height: int

    @classmethod
    def within(cls, width: int, height: int, longest: int | None) -> "Scale":
        """Return the scale on which no side is longer than ``longest`` pixels; never an enlarging one."""
        if longest is None or max(width, height) <= longest:
            return cls(width, height, width, height)
        factor = longest / max(width, height)
        return cls(width, height, max(1, round(width * factor)), max(1, round(height * factor)))

    def to_page(self, point: Point) -> Point:
        """Return the page's pixel in the middle of what a shown pixel covers. Outside stays outside."""
        if (self.width, self.height) == (self.shown_width, self.shown_height):
            return point
        return Point(
            (2 * point.x + 1) * self.width // (2 * self.shown_width),
            (2 * point.y + 1) * self.height // (2 * self.shown_height),
        )

    def to_shown(self, point: Point) -> Point:
        """Return the shown pixel that covers the middle of a pixel of the page."""
        return Point(
            (2 * point.x + 1) * self.shown_width // (2 * self.width),
            (2 * point.y + 1) * self.shown_height // (2 * self.height),
        )

    def shown(self, screenshot: bytes) -> bytes:
        """Return a PNG of the page as it is shown."""
        if (self.width, self.height) == (self.shown_width, self.shown_height):
            return screenshot
        with Image.open(io.BytesIO(screenshot)) as image:
            return _png(image.resize((self.shown_width, self.shown_height), Image.Resampling.LANCZOS))

    def enlarged(self, screenshot: bytes, region: tuple[int, int, int, int]) -> bytes:
        """Return a PNG of a region (left, top, right, bottom in shown pixels), as large as the shown picture allows."""
        left, top = self.to_page(Point(region[0], region[1]))
        right, bottom = self.to_page(Point(region[2], region[3]))
        with Image.open(io.BytesIO(screenshot)) as image:
            part = image.crop((max(left, 0), max(top, 0), min(right, image.width), min(bottom, image.height)))
            factor = min(self.shown_width / part.width, self.shown_height / part.height)
            size = max(1, round(part.width * factor)), max(1, round(part.height * factor))
            return _png(part.resize(size, Image.Resampling.LANCZOS))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # nearly as small, in two thirds of the time
    return buffer.getvalue()
