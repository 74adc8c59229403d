"""How an agent begins in an application of services, as its recipe says."""

from rolldeck.environments.composition import Composition
from rolldeck.environments.placeholders import Inside, fill
from rolldeck.environments.port import Entrance


def entrance_of(composition: Composition, inside: Inside) -> Entrance:
    """Return where it begins and what it is told, with the environment's own secrets in their places."""
    instruction = None if composition.instruction is None else fill(composition.instruction, inside)
    return Entrance(composition.start_path, instruction)
