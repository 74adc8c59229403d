"""An agent for a provider's models: everything but the provider's own protocol."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

import httpx2
from pydantic import SecretStr, ValidationError

from rolldeck.agents.models.accounts import Accounts
from rolldeck.agents.models.agent import ModelAgent
from rolldeck.agents.models.cassette import Cassette, CassetteLabel, Player, Recorder
from rolldeck.agents.models.catalogue import KnownModel, catalogue
from rolldeck.agents.models.conversation import Conversation
from rolldeck.agents.models.network import Network
from rolldeck.agents.models.parameters import ModelParameters
from rolldeck.agents.models.prompt import prompt_of
from rolldeck.agents.models.questions import ModelQuestioner, Questions
from rolldeck.agents.models.redaction import Secrets
from rolldeck.agents.models.safety import Safety
from rolldeck.agents.models.transport import ModelTransport, Patience, Sender
from rolldeck.agents.port import Agent, AgentInfo, Questioner, Surroundings
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import FieldProblem
from rolldeck.domain.task import Task

_NO_KEY = SecretStr("a cassette needs none")
_MODEL_ID = re.compile(r"[\w.:@/+-]+")


@dataclass(frozen=True)
class ModelAccess:
    """How an API is reached. ``base_url``: None for the provider's own; ``options`` are the provider's further settings."""

    key: SecretStr | None = None
    base_url: str | None = None
    options: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def secrets(self) -> Secrets:
        """What must not be kept or shown."""
        return Secrets([self.key.get_secret_value()] if self.key else [])

    def option(self, name: str) -> str | None:
        """Return a further setting; None where it is not set."""
        return self.options.get(name)


@dataclass(frozen=True)
class Setup:
    """What a provider's module makes a conversation from, or questions.

    The SDK is given ``client`` for its requests, and no repetitions of its own; every request of it is awaited through
    ``transport.result_of``. ``known`` is what the catalogue says of the model.
    """

    model: str
    known: KnownModel | None
    access: ModelAccess
    parameters: Any
    client: httpx2.AsyncClient
    transport: ModelTransport


@dataclass(frozen=True)
class ModelProvider:
    """An ``AgentKind`` that asks a provider's models.

    ``converse`` makes the conversation, ``question`` single questions; they are what imports the SDK ``package``.
    ``unavailable`` says of an access why it does not suffice. With ``cassettes``, they answer instead of the models.
    """

    name: str
    title: str
    description: str
    service: str
    package: str
    access: ModelAccess
    converse: Callable[[Setup], Conversation]
    question: Callable[[Setup], Questions]
    unavailable: Callable[[ModelAccess], str | None]
    parameters: type[ModelParameters] = ModelParameters
    cassettes: Sequence[Cassette] | None = None

    def info(self) -> AgentInfo:
        """What is said of it."""
        return AgentInfo(
            self.name, self.title, self.description, self._unavailable(), self.parameters.model_json_schema()
        )

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        """Why it cannot act with this model and these parameters."""
        problems = [] if choice.model and _MODEL_ID.fullmatch(choice.model) else [self._model_problem(choice)]
        try:
            self.parameters.model_validate(choice.parameters)
        except ValidationError as error:
            problems += [
                FieldProblem(".".join(map(str, ("parameters", *each["loc"]))), _said(each["msg"], each["type"]))
                for each in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        return problems

    def refusal(self, task: Task) -> str | None:
        """Why it cannot try this task: only if it is to replay cassettes, and none is of it."""
        if self.cassettes is None or self._cassette_of(self.name, task.id, task.version) is not None:
            return None
        if any(cassette.label.task_id == task.id for cassette in self.cassettes):
            return f"the cassette of task {task.id!r} was recorded with another version of the task"
        return f"there is no cassette of task {task.id!r} and the agent {self.name!r}"

    def knows_cost(self, choice: AgentChoice) -> bool:
        """Whether the model's prices are known."""
        known = catalogue().find(self.name, choice.model or "")
        return known is not None and known.prices is not None

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:
        """Return an agent for one rollout."""
        parameters = self._parameters(choice)
        cassette = self._cassette_of(self.name, task.id, surroundings.task_version)
        traffic = _Traffic(_label(choice, task, surroundings), cassette)
        setup = self._setup(choice.model or "", parameters, traffic, surroundings)
        return ModelAgent(
            self.converse(setup),
            self._accounts(setup),
            prompt=prompt_of(parameters.prompt, task.task),
            parameters=parameters,
            safety=Safety(parameters, surroundings.confirm),
        )

    def questioner(self, model: str, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Questioner:
        """Return who asks a model, in the rollout of a task by this choice."""
        parameters = self.parameters()
        cassette = self._cassette_of(choice.agent, task.id, surroundings.task_version)
        traffic = _Traffic(_label(choice, task, surroundings), cassette, reader=f"{self.name}:{model}")
        setup = self._setup(model, parameters, traffic, surroundings)
        return ModelQuestioner(self.question(setup), self._accounts(setup), tries=parameters.malformed_replies + 1)

    def _setup(self, model: str, parameters: ModelParameters, traffic: "_Traffic", surroundings: Surroundings) -> Setup:
        transport = ModelTransport(
            self.service,
            self._way_of(traffic, surroundings.origin),
            surroundings,
            Patience(seconds=parameters.request_seconds, retries=parameters.retries),
            secrets=self.access.secrets,
            on_exchange=self._recorder_of(traffic, surroundings),
        )
        access = self.access if self.cassettes is None else replace(self.access, key=self.access.key or _NO_KEY)
        return Setup(model, catalogue().find(self.name, model), access, parameters, transport.client(), transport)

    def _way_of(self, traffic: "_Traffic", origin: str) -> Sender:
        """Return the way to the model, or what stands for it: in a replay nothing reaches any model."""
        if self.cassettes is None:
            return Network()
        cassette = traffic.cassette or Cassette(label=traffic.label, exchanges=())
        return Player(cassette, origin, reader=traffic.reader)

    def _recorder_of(self, traffic: "_Traffic", surroundings: Surroundings) -> Recorder | None:
        if surroundings.cassette is None:
            return None
        secrets = self.access.secrets
        return Recorder(surroundings.cassette, traffic.label, surroundings.origin, secrets, reader=traffic.reader)

    def _accounts(self, setup: Setup) -> Accounts:
        return Accounts(setup.transport, setup.known.prices if setup.known else None)

    def _cassette_of(self, agent: str, task_id: str, task_version: str) -> Cassette | None:
        fitting = (each for each in self.cassettes or () if each.label.is_of(agent, task_id, task_version))
        return next(fitting, None)

    def _parameters(self, choice: AgentChoice) -> ModelParameters:
        return self.parameters.model_validate(choice.parameters)

    def _unavailable(self) -> str | None:
        if find_spec(self.package.split(".")[0]) is None:
            return f"the Python package {self.package!r} is not installed"
        return None if self.cassettes is not None else self.unavailable(self.access)

    def _model_problem(self, choice: AgentChoice) -> FieldProblem:
        if choice.model is not None:
            return FieldProblem(
                "model", f"{choice.model!r} is no name of a model: it has other characters than those have"
            )
        examples = ", ".join(model.id for model in catalogue().of(self.name)[:3])
        return FieldProblem("model", "name the model" + (f": {examples} or another one" if examples else ""))


@dataclass(frozen=True)
class _Traffic:
    """Whose traffic it is that a rollout's transport carries; ``cassette`` has what there was of it, in a replay."""

    label: CassetteLabel
    cassette: Cassette | None
    reader: str | None = None


def _label(choice: AgentChoice, task: Task, surroundings: Surroundings) -> CassetteLabel:
    return CassetteLabel(
        agent=choice.agent,
        model=choice.model or "",
        parameters=choice.parameters,
        task_id=task.id,
        task_version=surroundings.task_version,
    )


def needs_key(setting: str) -> Callable[[ModelAccess], str | None]:
    """Return what an access without a key is refused with; ``setting`` is where the key belongs."""
    return lambda access: None if access.key else f"there is no key for it: set {setting}"


def _said(message: str, kind: str) -> str:
    return "is no parameter of this agent" if kind == "extra_forbidden" else message.removeprefix("Value error, ")
