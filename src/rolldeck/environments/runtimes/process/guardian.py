"""A small process that outlives Rolldeck's by a moment: when its standard input ends, it removes the session.

python -m rolldeck.environments.runtimes.process.guardian SESSION-DIRECTORY
"""

import signal
import sys
from pathlib import Path

from rolldeck.environments.runtimes.process.leftovers import remove_with_processes


def main() -> None:
    """Wait for the end of standard input, which comes with Rolldeck's own end, however that came about."""
    for interruption in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(interruption, signal.SIG_IGN)
    print("watching", flush=True)  # noqa: T201
    sys.stdin.buffer.read()
    remove_with_processes(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
