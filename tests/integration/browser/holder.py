"""A process that holds an open page until it is killed: says on standard output that it does, then waits.

python holder.py PLACE INSTALLATION-ID ORIGIN
"""

import asyncio
import sys
from pathlib import Path

from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.browser.scratch import Scratch


async def main() -> None:
    place, installation_id, origin = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    browsers = ChromiumBrowsers(scratch=Scratch(place, installation_id))
    await browsers.start()
    await browsers.open(origin=origin, start_path="/", cookies=[], downloads=place / "downloads")
    print("open", flush=True)  # noqa: T201
    await asyncio.Event().wait()


asyncio.run(main())
