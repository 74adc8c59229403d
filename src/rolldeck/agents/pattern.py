"""Regular expressions of task files, applied where a hostile one can be stopped.

``re`` cannot be interrupted and holds the interpreter's lock: a pattern like ``(a+)+$`` would stop every rollout of the
process. It is matched in a process of its own, which is killed when it takes too long.
"""

import asyncio
import json
import sys
from contextlib import suppress

from rolldeck.domain.errors import AgentError

_SECONDS = 5.0
_SCRIPT = """
import json, re, sys
pattern, text = json.load(sys.stdin)
found = re.search(pattern, text)
json.dump(None if found is None else (found[1] if found.re.groups else found[0]) or "", sys.stdout)
"""


async def first_group(pattern: str, text: str, *, seconds: float = _SECONDS) -> str | None:
    """Return what the pattern's first group (without one: all of it) matched first in the text; None for no match.

    Raises ``AgentError`` when matching takes more than ``seconds``. Leaves no process behind, also when cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", _SCRIPT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate(json.dumps([pattern, text]).encode())
    except TimeoutError as error:
        raise AgentError(f"the pattern {pattern!r} takes more than {seconds:g} s on the text: simplify it") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        raise AgentError(f"the pattern {pattern!r} could not be matched (exit code {process.returncode})")
    found: str | None = json.loads(output)
    return found
