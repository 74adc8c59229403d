"""What ``rolldeck doctor`` finds, and asking it from a process that must not wait for it."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ValidationError

from rolldeck.domain.errors import RolldeckError

State = Literal["ok", "warn", "missing"]

_FRESH_SECONDS = 30.0
_LONGEST_SECONDS = 90.0


class Finding(BaseModel):
    """One thing that was looked at. ``todo`` says what to do where it is not ok."""

    name: str
    state: State
    found: str
    todo: str | None = None


class Diagnosis(BaseModel):
    """All findings. ``ok``: nothing that is needed is missing."""

    ok: bool
    findings: list[Finding]


class DiagnosisFailed(RolldeckError):
    """The doctor did not come to an end."""

    retryable = True


class DatedDiagnosis(Diagnosis):
    """What was found, and when."""

    at: datetime


class Doctor:
    """Has the machine examined by a process of its own: it looks at disks, programs and engines, which may all be slow.

    Whoever asks while it is examined, or soon after, is given the same answer.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        """``command`` prints a ``Diagnosis`` as JSON, and is given the environment ``variables``."""
        self._command = command
        self._variables = variables
        self._newest: DatedDiagnosis | None = None
        self._newest_at = 0.0
        self._examining = asyncio.Lock()

    async def examine(self, *, fresh: bool = False) -> DatedDiagnosis:
        """Return what is found; with ``fresh``, what is found from now on. Raises ``DiagnosisFailed``."""
        asked_at = time.monotonic()
        async with self._examining:
            oldest = asked_at if fresh else asked_at - _FRESH_SECONDS
            if self._newest is None or self._newest_at < oldest:
                begun = time.monotonic()
                found = await self._examine()
                self._newest, self._newest_at = found, begun
            return self._newest

    async def _examine(self) -> DatedDiagnosis:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env=dict(self._variables),
        )
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                output, _ = await process.communicate()
            found = Diagnosis.model_validate_json(output)
        except TimeoutError as error:
            raise DiagnosisFailed(f"the examination took longer than {_LONGEST_SECONDS:.0f} s") from error
        except ValidationError as error:
            raise DiagnosisFailed(
                f"the examination ended with exit code {process.returncode}: run `rolldeck doctor`"
            ) from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return DatedDiagnosis(ok=found.ok, findings=found.findings, at=datetime.now(UTC))
