"""What asking a model takes."""

from pydantic import BaseModel, ConfigDict, Field


class Usage(BaseModel):
    """What requests to a model took.

    ``cached_tokens`` are among the input's, ``thinking_tokens`` among the output's. ``cost`` is in US dollars, None where
    the model's prices are not known. ``requests`` had an answer, after ``retries`` that had none; in seconds,
    ``model_seconds`` passed until those answers, ``waited_seconds`` before requests were made again.
    """

    model_config = ConfigDict(frozen=True)

    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    thinking_tokens: int = Field(default=0, ge=0)
    cost: float | None = Field(default=None, ge=0)
    requests: int = Field(default=1, ge=0)
    retries: int = Field(default=0, ge=0)
    model_seconds: float = Field(default=0, ge=0)
    waited_seconds: float = Field(default=0, ge=0)

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def with_tokens_of(self, other: "Usage") -> "Usage":
        """Return this with the tokens and the cost of both."""
        names = ("input_tokens", "output_tokens", "cached_tokens", "thinking_tokens")
        tokens = {name: getattr(self, name) + getattr(other, name) for name in names}
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return self.model_copy(update={**tokens, "cost": cost})


class ModelAnswer(BaseModel):
    """What a model answered to one question, to the letter; hostile text. Without a ``text``, ``problem`` says why."""

    model_config = ConfigDict(frozen=True)

    text: str
    usage: Usage
    problem: str = ""
