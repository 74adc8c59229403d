"""docs/agents.md says what agents of models can be told, and nothing else."""

import re
from pathlib import Path

import pytest

from rolldeck.agents.anthropic.parameters import AnthropicParameters
from rolldeck.agents.models.parameters import ModelParameters
from rolldeck.agents.openai.parameters import OpenAIParameters
from rolldeck.agents.openai_compatible.parameters import CompatibleParameters

PAGE = (Path(__file__).parents[3] / "docs" / "agents.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("title", "parameters"),
    [
        ("OpenAI", OpenAIParameters),
        ("Anthropic", AnthropicParameters),
        ("OpenAI-compatible servers", CompatibleParameters),
    ],
)
def test_a_providers_own_parameters_are_all_documented(title: str, parameters: type[ModelParameters]) -> None:
    assert _documented(title) == set(parameters.model_fields) - set(ModelParameters.model_fields)


def _documented(title: str) -> set[str]:
    """Return the names in the first cells of a section's table."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(f"{title}\n"))
    cells = re.findall(r"^\| (`.+?) \|", text, flags=re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
