"""What rollouts are executed with."""

from dataclasses import dataclass, field

from rolldeck.agents.port import Agents
from rolldeck.browser.port import Browsers
from rolldeck.environments.port import Environments
from rolldeck.execution.attention import Attention
from rolldeck.execution.audience import Audience
from rolldeck.execution.person import USUAL_PERSON_PATIENCE, PersonPatience
from rolldeck.recorder.port import Recorder
from rolldeck.storage.port import Artifacts, People, Quotas, Rollouts, Workers
from rolldeck.verification.port import Verifier


@dataclass(frozen=True)
class Adapters:
    """All that rollouts are executed with, started already."""

    rollouts: Rollouts
    workers: Workers
    quotas: Quotas
    people: People
    artifacts: Artifacts
    environments: Environments
    browsers: Browsers
    recorder: Recorder
    agents: Agents
    verifier: Verifier
    audience: Audience = field(default_factory=Audience)
    attention: Attention = field(default_factory=Attention)
    patience: PersonPatience = USUAL_PERSON_PATIENCE
    records_models: bool = False
    """Whether the traffic of models is kept as cassettes."""
