"""``rolldeck serve``: the dashboard, the API and workers."""

import json
import os
from dataclasses import dataclass

from rolldeck.cli.batch import build_known_templates
from rolldeck.cli.progress import make_console
from rolldeck.cli.running import INTERRUPTED, NOT_ALL_COMPLETED
from rolldeck.cli.serving import listening, serving
from rolldeck.settings import Settings
from rolldeck.wiring import Use, open_deck


@dataclass(frozen=True)
class Serve:
    """The command with its options."""

    port_must_be_free: bool
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Serve until interrupted."""
        async with open_deck(settings, Use.OWN) as deck:
            with listening(settings.host, settings.port, must_be_free=self.port_must_be_free) as listener:
                await build_known_templates(deck.environments, settings, make_console())
                async with serving(deck, listener) as served:
                    print_address(served.address, as_json=self.as_json)
                    await served.ended.wait()
        return INTERRUPTED if served.interrupted else NOT_ALL_COMPLETED


def print_address(address: str, *, as_json: bool) -> None:
    """Tell where the server is."""
    if as_json:
        print(json.dumps({"address": address, "pid": os.getpid()}), flush=True)
    else:
        print(f"\n  Rolldeck: {address}\n\n  Ctrl-C stops it.", flush=True)
