"""The models that are known: which agent asks them, and what they cost. Others can be named, too: ids are free text."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from rolldeck.domain.rollout import Usage

_MILLION = 1_000_000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rates(_Part):
    """US dollars for a million tokens. Tokens that were read from a cache cost ``cached``; not given: as much as others."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)

    def cost_of(self, usage: Usage) -> float:
        """Return what one request's tokens cost, in US dollars."""
        cached = self.input if self.cached is None else self.cached
        fresh = usage.input_tokens - usage.cached_tokens
        return (fresh * self.input + usage.cached_tokens * cached + usage.output_tokens * self.output) / _MILLION


class LongRates(Rates):
    """Rates of a request whose input has more than so many tokens."""

    above: int = Field(ge=1)


class Prices(Rates):
    """What a model costs, some more where the input is long."""

    long: LongRates | None = None

    def cost_of(self, usage: Usage) -> float:
        """Return what one request's tokens cost, in US dollars."""
        if self.long is not None and usage.input_tokens > self.long.above:
            return self.long.cost_of(usage)
        return super().cost_of(usage)


class KnownModel(_Part):
    """A model. ``tool`` is the variant of its provider's computer use; ``context`` is how many tokens a request may have.

    What is None is not known.
    """

    id: str
    agent: str
    context: int | None = None
    tool: str | None = None
    prices: Prices | None = None


class Catalogue(_Part):
    """The known models, by agent; what an agent is offered with first comes first."""

    models: tuple[KnownModel, ...]

    @model_validator(mode="after")
    def _has_each_once(self) -> Self:
        names = [(model.agent, model.id) for model in self.models]
        if len(set(names)) < len(names):
            raise ValueError("a model is there twice")
        return self

    def of(self, agent: str) -> Sequence[KnownModel]:
        """Return the models that an agent is known to ask."""
        return [model for model in self.models if model.agent == agent]

    def find(self, agent: str, model: str) -> KnownModel | None:
        """Return what is known of an agent's model; None for an unknown one."""
        return next((known for known in self.of(agent) if known.id == model), None)


@cache
def catalogue() -> Catalogue:
    """Return what ``catalogue.toml`` says."""
    text = files("rolldeck.agents.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    models = TypeAdapter(tuple[KnownModel, ...]).validate_python(tomllib.loads(text)["model"])
    return Catalogue(models=models)
