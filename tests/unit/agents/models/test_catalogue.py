"""The models that are known, as far as they name the protocols of providers."""

from typing import get_args

from rolldeck.agents.anthropic.tools import VARIANTS
from rolldeck.agents.models.catalogue import catalogue
from rolldeck.agents.openai.parameters import ToolName


def test_known_models_name_variants_of_computer_use_that_their_agent_speaks() -> None:
    spoken = {"anthropic": set(VARIANTS), "openai": set(get_args(ToolName))}
    for agent, tools in spoken.items():
        named = {model.tool for model in catalogue().of(agent)}
        assert named
        assert named <= tools
