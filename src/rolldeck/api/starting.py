"""Starting rollouts: whatever asks for them, they make a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from rolldeck.agents.port import Agents
from rolldeck.api.services import Services
from rolldeck.domain.batch import AgentChoice, BatchSpec, ModelChoice
from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.domain.task import Task
from rolldeck.events.webhooks import Webhooks
from rolldeck.storage.port import BatchCreated


async def start_batch(spec: BatchSpec, services: Services, *, agent_field: str = "agents.{}") -> BatchCreated:
    """Queue a batch: all of its rollouts or, where an agent cannot try one of the tasks, none.

    Raises ``InvalidInput`` that names every such agent, by ``agent_field`` with its position, and the tasks that it
    cannot try; ``NotFound`` that names unknown tasks; ``Conflict`` where the idempotency key was used for another batch.
    """
    spec = with_default_reader(spec, services.reader)
    tasks = [stored.task for stored in await services.tasks.get_many(spec.task_ids)]
    _refuse_unfit_agents(spec.agents, tasks, services.agents, agent_field)
    refuse_unfit_reader(spec, services.agents)
    refuse_unknown_costs(spec, services.agents)
    refuse_foreign_webhook(spec, services.webhooks)
    templates = await services.environments.templates() if spec.reuse else ()
    made = await services.batches.create(spec, {template.name: template.content_hash for template in templates})
    services.queue_changed()
    return made


def refuse_foreign_webhook(spec: BatchSpec, webhooks: Webhooks | None) -> None:
    """Raise ``InvalidInput`` where a batch names an address that the operator has not allowed."""
    if spec.webhook is not None and not (webhooks is not None and webhooks.targets.allows(spec.webhook)):
        message = "is of no origin that this server may call: its operator names those in ROLLDECK_WEBHOOK_ORIGINS"
        raise InvalidInput(f"The webhook {message}", (FieldProblem("webhook", message),))


def with_default_reader(spec: BatchSpec, reader: ModelChoice | None) -> BatchSpec:
    """Return what is asked for; where that does not say who reads answers, ``reader`` does."""
    return spec if "extraction" in spec.model_fields_set else spec.model_copy(update={"extraction": reader})


def refuse_unfit_reader(spec: BatchSpec, agents: Agents) -> None:
    """Raise ``InvalidInput`` where the model that is to read answers cannot be asked."""
    problems = [] if spec.extraction is None else agents.reader_problems(spec.extraction)
    if problems:
        raise InvalidInput(
            f"Answers cannot be read by {spec.extraction}: {'; '.join(each.message for each in problems)}",
            tuple(FieldProblem(f"extraction.{each.field}", each.message) for each in problems),
        )


def refuse_unknown_costs(spec: BatchSpec, agents: Agents) -> None:
    """Raise ``InvalidInput`` where a limit of costs could not be kept, because what a model costs is not known."""
    unknown = [str(choice.model) for choice in spec.agents if not agents.knows_cost(choice)]
    readers = [] if spec.extraction is None else [spec.extraction]
    unknown_readers = [
        each.model for each in readers if not agents.knows_cost(AgentChoice(agent=each.provider, model=each.model))
    ]
    limits = (
        ("limits.cost", spec.limits.cost, unknown),
        ("budget.cost", spec.budget.cost, [*unknown, *unknown_readers]),
    )
    unknown = list(dict.fromkeys(model for _, limit, models in limits if limit is not None for model in models))
    fields = [field for field, limit, models in limits if limit is not None and models]
    if unknown:
        message = f"what {', '.join(unknown)} costs is not known, so that this cannot be kept: limit tokens instead"
        raise InvalidInput(
            f"The costs cannot be limited: {message}", tuple(FieldProblem(field, message) for field in fields)
        )


def with_key(spec: BatchSpec, header: str | None) -> BatchSpec:
    """Return what is asked for with the key of the header ``Idempotency-Key``.

    Raises ``InvalidInput`` where it names another one itself.
    """
    if header is None or header == spec.idempotency_key:
        return spec
    if spec.idempotency_key is not None:
        problem = FieldProblem("idempotency_key", "is not the one in the header Idempotency-Key")
        raise InvalidInput("The request has two different idempotency keys", (problem,))
    return spec.model_copy(update={"idempotency_key": header})


@dataclass(frozen=True)
class _Unfit:
    """Why an agent cannot be chosen: in one sentence, and by field."""

    summary: str
    problems: Sequence[FieldProblem]


def _refuse_unfit_agents(
    chosen: Sequence[AgentChoice], tasks: Sequence[Task], agents: Agents, agent_field: str
) -> None:
    looked_at = (_unfit(choice, tasks, agents, agent_field.format(index)) for index, choice in enumerate(chosen))
    unfit = [each for each in looked_at if each is not None]
    if unfit:
        problems = tuple(problem for each in unfit for problem in each.problems)
        raise InvalidInput("; ".join(each.summary for each in unfit), problems)


def _unfit(choice: AgentChoice, tasks: Sequence[Task], agents: Agents, field: str) -> _Unfit | None:
    name = choice.agent
    if problems := agents.problems(choice):
        summary = "; ".join(dict.fromkeys(str(problem.message) for problem in problems))
        return _Unfit(summary, [_placed(problem, field) for problem in problems])
    reasons = [agents.refusal(choice, task) for task in tasks]
    refused = [
        FieldProblem("task_ids", f"{name}: {reason}", index=index, item_id=task.id)
        for index, (task, reason) in enumerate(zip(tasks, reasons, strict=True))
        if reason is not None
    ]
    if not refused:
        return None
    summary = f"The agent {name!r} cannot try {len(refused)} of the {len(tasks)} tasks"
    if len(tasks) > 1 and len(set(reasons)) == 1:  # which is about the agent, not about any task
        return _Unfit(summary, [FieldProblem(field, str(reasons[0]))])
    return _Unfit(summary, refused)


def _placed(problem: FieldProblem, field: str) -> FieldProblem:
    """Return a problem of a choice with its place in the request, where the choice is at ``field`` or beside it."""
    if problem.field == "agent":
        return FieldProblem(field, problem.message)
    place = field.removesuffix("agent")
    return FieldProblem(f"{place}.{problem.field}".removeprefix("."), problem.message)
