"""A recording whose process is killed without warning."""

import asyncio
import signal
import sys
from pathlib import Path

import av

WRITER = """
import asyncio, io, sys
from pathlib import Path
from PIL import Image
from rolldeck.domain.errors import BrowserError
from rolldeck.recorder.video import VideoRecorder

async def nothing():
    raise BrowserError("no page here")

async def main():
    recording = VideoRecorder().start(Path(sys.argv[1]), nothing)
    for number in range(1000):
        image = io.BytesIO()
        Image.new("RGB", (640, 400), (number * 7 % 256, 80, 80)).save(image, "PNG")
        recording.push(image.getvalue())
        print(number, flush=True)
        await asyncio.sleep(0.02)

asyncio.run(main())
"""


async def test_the_file_of_a_killed_process_plays_up_to_its_last_moments(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while int(await process.stdout.readline()) < 40:
                pass
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    with av.open(str(path)) as video:
        frames = list(video.decode(video=0))
        seekable = video.streams.video[0]
        video.seek(400, stream=seekable, backward=True, any_frame=False)
        assert next(video.decode(video=0)).pts is not None
    assert len(frames) >= 30, f"only {len(frames)} of 40 images are in the file"
