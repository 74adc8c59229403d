"""``rolldeck agent``: who can try tasks, and the models that are known."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from rolldeck.agents.models.catalogue import KnownModel, catalogue
from rolldeck.agents.port import AgentInfo
from rolldeck.cli.running import OK
from rolldeck.settings import Settings
from rolldeck.wiring import agents_of


@dataclass(frozen=True)
class ListAgents:
    """``rolldeck agent list``."""

    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """List them, with their models."""
        agents, models = agents_of(settings).list(), catalogue().models
        if self.as_json:
            document = {
                "agents": [asdict(agent) for agent in agents],
                "models": [model.model_dump(mode="json") for model in models],
            }
            print(json.dumps(document, indent=2))
            return OK
        console = Console()
        console.print(_agent_table(agents))
        console.print()
        console.print(_model_table(models))
        return OK


def _agent_table(agents: Sequence[AgentInfo]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("agent", "here", "what it is"):
        table.add_column(column, overflow="fold")
    for agent in agents:
        here = "yes" if agent.unavailable is None else f"no: {agent.unavailable}"
        table.add_row(agent.name, here, agent.description)
    return table


def _model_table(models: Sequence[KnownModel]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("known model", overflow="fold")
    table.add_column("agent")
    table.add_column("context", justify="right")
    table.add_column("$ a million tokens: in, cached, out", justify="right")
    for model in models:
        context = "unknown" if model.context is None else f"{model.context:,}"
        table.add_row(model.id, model.agent, context, _prices(model))
    return table


def _prices(model: KnownModel) -> str:
    if model.prices is None:
        return "unknown"
    cached = model.prices.input if model.prices.cached is None else model.prices.cached
    return f"{model.prices.input:g}, {cached:g}, {model.prices.output:g}"
