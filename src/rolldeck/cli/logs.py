"""``rolldeck logs``: what worker, page and services wrote in an attempt of a rollout."""

from dataclasses import dataclass
from urllib.parse import quote

from rich.console import Console
from rich.text import Text

from rolldeck.api.schemas import LogList
from rolldeck.cli.remote import connect
from rolldeck.cli.running import OK, say
from rolldeck.settings import Settings


@dataclass(frozen=True)
class ShowLogs:
    """The command with its options."""

    rollout_id: str
    attempt: int | None
    server: str | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Show them."""
        query = "" if self.attempt is None else f"?attempt={self.attempt}"
        async with connect(settings, self.server) as server:
            path = f"/api/rollouts/{quote(self.rollout_id, safe='')}/logs{query}"
            logs = LogList.model_validate_json(await server.ask("GET", path))
        if self.as_json:
            print(logs.model_dump_json(indent=2))
            return OK
        if not logs.logs:
            say(f"attempt {logs.attempt} has no logs: it goes on, or nothing was written")
        console = Console(highlight=False, soft_wrap=True)
        for log in logs.logs:
            console.print(Text(f"--- {log.name}", style="bold"))
            console.print(Text(_printable(log.text)))
        return OK


def _printable(text: str) -> str:
    """Leave out what would do something to a terminal: hostile applications write these texts."""
    return "".join(character for character in text if character.isprintable() or character in "\n\t")
