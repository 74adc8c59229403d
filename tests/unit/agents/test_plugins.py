"""Agents that other packages bring."""

import re
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from rolldeck.agents.plugins import GROUP, plug_ins
from rolldeck.agents.port import Observation, Surroundings
from rolldeck.agents.registry import NOOP, AgentRegistry
from rolldeck.domain.action import Click
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import AgentError, InvalidInput
from rolldeck.domain.task import Task

DOCUMENTATION = (Path(__file__).parents[3] / "docs" / "agents.md").read_text()
TASK = Task(id="q", task="How many?", answer=1)
NOWHERE = Surroundings(page=None, pace=None, pause=None)  # type: ignore[arg-type]


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package that the documentation writes."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENTATION, re.DOTALL)
    (declared,) = re.findall(r"```toml\n\[project.entry-points.\"(.*?)\"\]\n(.*?)```", DOCUMENTATION, re.DOTALL)
    (tmp_path / "my_monkey.py").write_text(code)
    about = tmp_path / "my_monkey-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-monkey\nVersion: 1.0\n")
    group, line = declared
    (about / "entry_points.txt").write_text(f"[{group}]\n" + line.replace('"', ""))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_monkey", raising=False)


@pytest.mark.usefixtures("documented")
async def test_the_agent_that_the_documentation_writes_works_in_forty_lines() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENTATION, re.DOTALL)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 40
    registry = AgentRegistry([NOOP, *plug_ins()])
    assert [info.name for info in registry.list()] == ["noop", "monkey"]
    choice = AgentChoice(agent="monkey")
    assert registry.refusal(choice, TASK) is None
    agent = registry.create(choice, TASK, NOWHERE)
    turns = [await agent.act(Observation(b"", "http://app/", 100, 80)) for _ in range(11)]
    assert all(isinstance(turn.actions[0], Click) for turn in turns[:10])
    assert turns[10].answer == '{"clicks": 10}'
    await agent.close()


BROKEN = """
from rolldeck.agents.registry import NOOP

class Incomplete:
    def info(self): ...

class Renamed(Incomplete):
    problems = refusal = knows_cost = create = Incomplete.info
    def info(self): return NOOP.info()

def fails(): raise RuntimeError("needs a licence")
"""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("no_such_package:Kind", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("broken_agents:fails", "RuntimeError: needs a licence"),
        ("broken_agents:Incomplete", "TypeError: it has no problems, refusal, knows_cost, create"),
        ("broken_agents:Renamed", "ValueError: it names itself 'noop'"),
    ],
)
def test_a_plug_in_that_cannot_be_loaded_is_told_and_harms_no_other(
    value: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken_agents.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "broken_agents", raising=False)
    registry = AgentRegistry([NOOP, *plug_ins(lambda: [EntryPoint("broken", value, GROUP)])])
    noop, broken = registry.list()
    assert (noop.name, noop.unavailable) == ("noop", None)
    assert words in str(broken.unavailable)
    with pytest.raises(InvalidInput, match="cannot be used here"):
        registry.create(AgentChoice(agent="broken"), TASK, NOWHERE)
    (kind,) = plug_ins(lambda: [EntryPoint("broken", value, GROUP)])
    with pytest.raises(AgentError):
        kind.create(AgentChoice(agent="broken"), TASK, NOWHERE)


def test_no_plug_in_is_installed_with_rolldeck_itself() -> None:
    assert list(entry_points(group=GROUP)) == []
