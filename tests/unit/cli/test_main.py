"""The command line as a person meets it."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rolldeck import __version__
from rolldeck.cli.main import app

COMMANDS = [
    ["run"],
    ["check"],
    ["serve"],
    ["demo"],
    ["worker"],
    ["watch"],
    ["db", "upgrade"],
    ["db", "copy"],
    *(["batch", name] for name in ("list", "show", "pause", "resume", "cancel", "retry")),
    ["doctor"],
    ["version"],
    ["env", "list"],
    ["env", "build"],
    ["env", "validate"],
    ["env", "check"],
    ["env", "bench"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_has_json(command: list[str]) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output
    assert "Exit codes" in result.output


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "t.json", "--parallel", "0"], ["run", "t.json", "--repeats", "x"], ["nonsense"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"rolldeck {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; import rolldeck.cli.main;"
        "print([m for m in ('playwright', 'sqlalchemy', 'fastapi', 'av', 'uvicorn', 'httpx2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
