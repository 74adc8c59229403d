"""Making an empty PostgreSQL cluster: with ``build.py``, all that a template's cluster follows from."""

from pathlib import Path

from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.processes import run

SUPERUSER = "rolldeck"


async def create_cluster(install: Path, data: Path, account: Account | None) -> None:
    """Make an empty cluster in ``data``, an existing empty directory of the account's."""
    await run(
        [
            *(install / "bin" / "initdb", "-D", data, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C", "--no-sync"),
            # Nobody can log in until ``Cluster.start`` has set a password and says who may.
            *("--no-instructions", "--auth=reject", "--wal-segsize=1"),
        ],
        account=account,
    )
