"""What a recording holds, whatever its page does."""

import asyncio
import io
from pathlib import Path

import av
import pytest
from PIL import Image

from rolldeck.domain.errors import BrowserError, RecordingError
from rolldeck.recorder.mp4 import Mp4Writer
from rolldeck.recorder.video import VideoRecorder

RED, GREEN, BLUE = (220, 30, 30), (20, 160, 60), (30, 60, 200)
Colour = tuple[int, int, int]


def picture(colour: Colour, size: tuple[int, int] = (320, 200), form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form, quality=90)
    return buffer.getvalue()


def colours(path: Path) -> list[Colour]:
    """The middle pixel of every frame."""
    with av.open(str(path)) as video:
        images = [frame.to_image() for frame in video.decode(video=0)]
    return [image.getpixel((image.width // 2, image.height // 2)) for image in images]


def distance(one: Colour, other: Colour) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


async def never() -> bytes:
    await asyncio.Event().wait()
    return b""


async def broken() -> bytes:
    raise BrowserError("the page crashed")


async def test_every_pushed_image_is_in_the_video_in_order(tmp_path: Path) -> None:
    recording = VideoRecorder().start(tmp_path / "video.mp4", broken)
    for colour in (RED, GREEN, BLUE):
        recording.push(picture(colour))
    video = await recording.finish()
    shown = colours(video.path)
    assert len(shown) == video.frames == 4, "the three, and the last one again at the end"
    for colour, expected in zip(shown, (RED, GREEN, BLUE, BLUE), strict=True):
        assert distance(colour, expected) <= 4


async def test_the_video_ends_with_the_final_state_at_the_recordings_end(tmp_path: Path) -> None:
    recording = VideoRecorder().start(tmp_path / "video.mp4", never)
    recording.push(picture(RED))
    recording.push(picture(BLUE))
    before = recording.elapsed
    video = await recording.finish()
    assert distance(colours(video.path)[-1], BLUE) <= 4
    assert before - 0.01 <= video.seconds <= recording.elapsed + 0.01
    with av.open(str(video.path)) as container:
        assert container.duration is not None
        assert abs(container.duration / 1_000_000 - video.seconds) < 0.1


async def test_a_page_that_hangs_does_not_hold_up_the_recording_or_its_end(tmp_path: Path) -> None:
    recording = VideoRecorder(fps=50).start(tmp_path / "video.mp4", never)
    recording.push(picture(GREEN))
    async with asyncio.timeout(5):
        video = await recording.finish()
    assert video.frames == 2


async def test_an_unchanged_page_is_encoded_once(tmp_path: Path) -> None:
    looks = 0
    enough = asyncio.Event()

    async def still() -> bytes:
        nonlocal looks
        looks += 1
        if looks > 5:
            enough.set()
        return picture(GREEN, form="JPEG")

    recording = VideoRecorder(fps=200).start(tmp_path / "video.mp4", still)
    await enough.wait()
    assert (await recording.finish()).frames == 2


class ScriptedPage:
    """Stands for a page that gives frames when the test says so."""

    def __init__(self) -> None:
        self._looks: asyncio.Queue[bytes] = asyncio.Queue()
        self._gave = False

    async def frame(self) -> bytes:
        if self._gave:
            self._looks.task_done()
        image = await self._looks.get()
        self._gave = True
        return image

    async def show(self, image: bytes) -> None:
        """Give a frame, and return when the next one is asked for."""
        self._looks.put_nowait(image)
        await self._looks.join()


async def test_a_page_that_returns_to_what_it_was_before_a_push_is_shown_again(tmp_path: Path) -> None:
    page = ScriptedPage()
    recording = VideoRecorder(fps=200).start(tmp_path / "video.mp4", page.frame)
    await page.show(picture(GREEN, form="JPEG"))
    recording.push(picture(RED))
    await page.show(picture(GREEN, form="JPEG"))
    video = await recording.finish()
    assert distance(colours(video.path)[-1], GREEN) <= 4


async def test_finishing_twice_returns_the_same_video(tmp_path: Path) -> None:
    recording = VideoRecorder().start(tmp_path / "video.mp4", broken)
    recording.push(picture(RED))
    one, other = await asyncio.gather(recording.finish(), recording.finish())
    assert one == other == await recording.finish()
    assert one.size_bytes == one.path.stat().st_size


async def test_a_recording_without_any_image_is_no_video_and_leaves_no_file(tmp_path: Path) -> None:
    recording = VideoRecorder().start(tmp_path / "video.mp4", broken)
    assert await recording.finish() is None
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_is_a_recording_error(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.symlink_to("/dev/full")
    recording = VideoRecorder().start(path, broken)
    recording.push(picture(RED))
    recording.push(picture(BLUE))
    with pytest.raises(RecordingError, match=r"video\.mp4 could not be written"):
        await recording.finish()


async def test_a_directory_that_cannot_be_made_is_a_recording_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    recording = VideoRecorder().start(tmp_path / "file" / "video.mp4", broken)
    recording.push(picture(RED))
    with pytest.raises(RecordingError):
        await recording.finish()


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("colour", [RED, GREEN, BLUE, (255, 255, 255), (0, 0, 0), (128, 128, 128)])
def test_colours_are_kept_from_png_and_from_full_range_jpeg(tmp_path: Path, form: str, colour: Colour) -> None:
    writer = Mp4Writer(tmp_path / "video.mp4")
    writer.write(picture(colour, form=form), 0)
    video = writer.finish(1000)
    assert all(distance(shown, colour) <= 5 for shown in colours(video.path))
    with av.open(str(video.path)) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.colorspace, codec.color_range) == (6, 1), "the matrix of JPEG, limited range, and flagged as such"


def test_an_odd_size_is_made_even_and_other_sizes_are_fitted_to_the_first(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "video.mp4")
    writer.write(picture(RED, (321, 201)), 0)
    writer.write(picture(BLUE, (640, 400)), 500)
    video = writer.finish(1000)
    with av.open(str(video.path)) as container:
        frames = list(container.decode(video=0))
    assert {(frame.width, frame.height) for frame in frames} == {(320, 200)}


def test_a_key_frame_comes_every_five_seconds_and_no_frame_waits_for_a_later_one(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "video.mp4")
    for second in range(21):
        writer.write(picture((second * 10, 90, 90)), second * 1000)
    video = writer.finish(21_000)
    with av.open(str(video.path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    keys = {packet.pts * packet.time_base for packet in packets if packet.is_keyframe and packet.pts is not None}
    assert {0, 5, 10, 15, 20} <= keys
    assert all(packet.pts == packet.dts for packet in packets)


def test_two_images_of_the_same_millisecond_are_both_kept(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "video.mp4")
    writer.write(picture(RED), 100)
    writer.write(picture(BLUE), 100)
    assert len(colours(writer.finish(100).path)) == 3


def test_the_first_image_is_shown_from_the_start_and_the_others_keep_their_times(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "video.mp4")
    writer.write(picture(RED), 700)
    writer.write(picture(BLUE), 900)
    video = writer.finish(1000)
    with av.open(str(video.path)) as container:
        assert [float(frame.time or 0) for frame in container.decode(video=0)] == [0, 0.9, 1.0]
