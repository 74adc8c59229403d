"""What somebody outside is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """An end of a batch that somebody is told of: ``attempt`` is the try it was taken for, from 1 on.

    ``content`` is what is told, as JSON; ``url`` is None where that goes to whom the operator names.
    """

    id: str
    batch_id: str
    url: str | None
    content: str
    attempt: int
