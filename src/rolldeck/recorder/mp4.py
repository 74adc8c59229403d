"""Writes images, each at its own time, into an MP4 that is playable while it is being written."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from rolldeck.domain.errors import RecordingError
from rolldeck.recorder.port import Video

_MILLISECOND = Fraction(1, 1000)
_KEY_FRAME_MS = 5000  # a seek decodes at most what lies in between
# Numbers of H.264. The matrix is that of JPEG, so that a frame's range is all that is converted (BT.709 takes twice the time).
_BT709_PRIMARIES = _BT709_TRANSFER = 1
_BT601_MATRIX = 6
_PNG_SIGNATURE = b"\x89PNG"

# Each frame is a fragment of its own, flushed: what is written can be played though the process be killed. Closing
# turns the fragments into an ordinary MP4.
_CONTAINER = {"movflags": "hybrid_fragmented+frag_every_frame", "flush_packets": "1"}

# B-frames at irregular times break seeking, and a lookahead would hold frames back. One thread: the frames are few.
_CODEC = {
    "preset": "veryfast",
    "crf": "25",
    "tune": "zerolatency",
    "bf": "0",
    "forced-idr": "1",
    "threads": "1",
}


@dataclass(frozen=True)
class _Output:
    container: OutputContainer
    stream: VideoStream


class Mp4Writer:
    """Blocking; for one thread at a time. The file begins with the first image, which sets the video's size.

    Every method raises ``RecordingError`` where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._output: _Output | None = None
        self._last: VideoFrame | None = None
        self._last_ms = -1
        self._key_ms = -_KEY_FRAME_MS
        self._frames = 0

    def write(self, image: bytes, at_ms: int) -> None:
        """Show a PNG or JPEG from ``at_ms`` on; a time that is not after the last image's is moved just behind it."""
        with self._errors():
            picture = _decoded(image)
            output = self._output or self._open(picture.width & ~1, picture.height & ~1)
            self._last = picture.reformat(
                width=output.stream.width,
                height=output.stream.height,
                format="yuv420p",
                src_colorspace=Colorspace.ITU601,
                dst_colorspace=Colorspace.ITU601,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
            )
            self._encode(output, self._last, at_ms)

    def repeat(self, at_ms: int) -> None:
        """Show the last image again, so that the file reaches until ``at_ms``. Nothing happens before the first."""
        with self._errors():
            if self._output is not None and self._last is not None:
                self._encode(self._output, self._last, at_ms)

    def finish(self, end_ms: int) -> Video | None:
        """Show the last image until ``end_ms`` and close the file; None where there never was an image."""
        self.repeat(end_ms)
        with self._errors():
            output, self._output = self._output, None
            if output is None:
                return None
            output.container.mux(output.stream.encode(None))
            output.container.close()
            return Video(self._path, self._last_ms / 1000, self._frames, self._path.stat().st_size)

    def abandon(self) -> None:
        """Close the file as it is after an error. Never raises."""
        output, self._output = self._output, None
        if output is not None:
            with contextlib.suppress(av.FFmpegError, OSError):
                output.container.close()

    def _open(self, width: int, height: int) -> _Output:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        container = av.open(str(self._path), "w", format="mp4", options=_CONTAINER)
        stream = container.add_stream("libx264", rate=1000, options=_CODEC)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = _MILLISECOND
        stream.codec_context.gop_size = 10_000  # key frames are asked for by time, not by count
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.colorspace = _BT601_MATRIX
        stream.codec_context.color_primaries = _BT709_PRIMARIES
        stream.codec_context.color_trc = _BT709_TRANSFER
        self._output = _Output(container, stream)
        return self._output

    def _encode(self, output: _Output, frame: VideoFrame, at_ms: int) -> None:
        # A player begins with the first image: it is shown from the start, so that all others keep their times.
        at_ms = max(at_ms, self._last_ms + 1) if self._frames else 0
        is_key = at_ms - self._key_ms >= _KEY_FRAME_MS
        frame.pts, frame.time_base = at_ms, _MILLISECOND
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        output.container.mux(output.stream.encode(frame))
        self._last_ms = at_ms
        self._frames += 1
        if is_key:
            self._key_ms = at_ms

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            raise RecordingError(f"{self._path.name} could not be written: {error}") from error


def _decoded(image: bytes) -> VideoFrame:
    """The picture, of a decoder of its own: FFmpeg's for PNG lets one image shine through in the next."""
    decoder = av.CodecContext.create("png" if image.startswith(_PNG_SIGNATURE) else "mjpeg", "r")
    if not isinstance(decoder, VideoCodecContext):
        raise TypeError("a decoder of images decodes video frames")
    decoder.thread_count = 1  # more of them would return the picture only when another one comes
    return decoder.decode(av.Packet(image))[0]
