"""Persons in the loop: questions they answer, and pages of running rollouts that they take over."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from rolldeck.api.files import file_answer
from rolldeck.api.identifiers import QuestionId, RolloutId, RolloutQuery
from rolldeck.api.schemas import (
    AnswerToQuestion,
    HolderRequest,
    OrderRequest,
    OrderView,
    PeopleView,
    QuestionView,
    TakeoverView,
)
from rolldeck.api.services import Needs, Services
from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.domain.person import Order, Question, Takeover
from rolldeck.domain.rollout import ActionResult, Rollout

router = APIRouter(prefix="/api", tags=["people"])

_IMAGE = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
_PATIENCE_SECONDS = 20.0  # for an order: who asks for longer waits asks again
_LOOKS_EVERY_SECONDS = 0.05


@router.get("/people")
async def list_people(services: Needs, rollout_id: RolloutQuery = None) -> PeopleView:
    """The open questions, and the takeovers that go on or are awaited: of one rollout, or of all."""
    questions = await services.people.questions(rollout_id)
    takeovers = await services.people.takeovers(rollout_id)
    ids = {question.rollout_id for question in questions} | {takeover.rollout_id for takeover in takeovers}
    rollouts = await _rollouts(ids, services)
    return PeopleView(
        questions=[
            _question_view(each, rollouts[each.rollout_id]) for each in questions if each.rollout_id in rollouts
        ],
        takeovers=[
            _takeover_view(each, rollouts[each.rollout_id]) for each in takeovers if each.rollout_id in rollouts
        ],
    )


async def _rollouts(ids: set[str], services: Services) -> dict[str, Rollout]:
    """Return rollouts by id, without those that were deleted meanwhile."""
    found = {}
    for rollout_id in ids:
        try:
            found[rollout_id] = await services.rollouts.get(rollout_id)
        except NotFound:
            continue
    return found


@router.post("/questions/{question_id}/answer")
async def answer_question(question_id: QuestionId, answer: AnswerToQuestion, services: Needs) -> QuestionView:
    """Answer a question, once: another answer, or one that comes too late, is a conflict."""
    question = await services.people.answer(question_id, allow=answer.allow)
    services.queue_changed()
    return _question_view(question, await services.rollouts.get(question.rollout_id))


@router.get(
    "/questions/{question_id}/screenshot",
    response_class=Response,
    responses={200: {"content": _IMAGE, "description": "PNG"}},
)
async def get_question_screenshot(question_id: QuestionId, services: Needs, request: Request) -> Response:
    """What the model saw when it wanted to do what the question is about."""
    question = await services.people.question(question_id)
    if question.screenshot is None:
        raise NotFound(f"The question {question_id} has no screenshot")
    return await file_answer(services.artifacts, question.screenshot, request)


@router.post("/rollouts/{rollout_id}/takeover")
async def take_over(rollout_id: RolloutId, wanted: HolderRequest, services: Needs) -> TakeoverView:
    """Take over the page of a running rollout. Its agent stands still from the end of its turn on (``held``).

    Who has the page gives a sign (any request here) at least every 30 s; else it is handed back.
    """
    takeover = await services.people.take_over(rollout_id, wanted.holder)
    services.queue_changed()
    return _takeover_view(takeover, await services.rollouts.get(rollout_id))


@router.post("/rollouts/{rollout_id}/takeover/sign")
async def give_sign(rollout_id: RolloutId, wanted: HolderRequest, services: Needs) -> TakeoverView:
    """Say that whoever has taken the page over is still there."""
    takeover = await services.people.give_sign(rollout_id, wanted.holder)
    return _takeover_view(takeover, await services.rollouts.get(rollout_id))


@router.post(
    "/rollouts/{rollout_id}/takeover/orders",
    responses={202: {"model": OrderView, "description": "It was placed, and is not carried out yet"}},
)
async def place_order(rollout_id: RolloutId, wanted: OrderRequest, services: Needs, response: Response) -> OrderView:
    """Act on the page: answered once the actions are done, each order a step. An answer, of a ``human`` agent, ends its acting."""
    order = Order(actions=wanted.actions, answer=wanted.answer)
    number = await services.people.order(rollout_id, wanted.holder, order)
    services.queue_changed()
    results = None if order.answer is not None else await _results(rollout_id, number, services)
    if results is None:
        response.status_code = HTTPStatus.ACCEPTED
        return OrderView(number=number, done=False, results=[], step=None)
    steps = (await services.rollouts.get(rollout_id)).steps
    return OrderView(number=number, done=True, results=results, step=max(0, steps - 1))


async def _results(rollout_id: str, number: int, services: Services) -> list[ActionResult] | None:
    """Wait for what becomes of an order; None where it takes long. Raises ``Conflict`` where it is not carried out any more."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (results := await services.people.result(rollout_id, number)) is None:
                if not await services.people.takeovers(rollout_id):
                    raise Conflict(
                        f"The page of the rollout {rollout_id} was handed back before the order was carried out"
                    )
                await asyncio.sleep(_LOOKS_EVERY_SECONDS)
    except TimeoutError:
        return None
    return list(results)


@router.post("/rollouts/{rollout_id}/takeover/release", status_code=HTTPStatus.NO_CONTENT)
async def hand_back(rollout_id: RolloutId, wanted: HolderRequest, services: Needs) -> None:
    """Hand the page back: the agent goes on, and is told that a person acted. A ``human`` agent is awaited again."""
    await services.people.hand_back(rollout_id, wanted.holder)
    services.queue_changed()


def _question_view(question: Question, rollout: Rollout) -> QuestionView:
    passed = (datetime.now(UTC) - question.asked_at).total_seconds()
    return QuestionView(
        id=question.id,
        rollout_id=question.rollout_id,
        task_id=rollout.task_id,
        agent=rollout.agent,
        model=rollout.model,
        attempt=question.attempt,
        action=question.action,
        concern=question.concern,
        explanation=question.explanation,
        actions=list(question.actions),
        screenshot_url=None if question.screenshot is None else f"/api/questions/{question.id}/screenshot",
        asked_at=question.asked_at,
        seconds_left=max(0.0, question.seconds - passed),
        allowed=question.allowed,
    )


def _takeover_view(takeover: Takeover, rollout: Rollout) -> TakeoverView:
    return TakeoverView(
        rollout_id=takeover.rollout_id,
        task_id=rollout.task_id,
        agent=rollout.agent,
        attempt=takeover.attempt,
        state=takeover.state,
        is_agent=takeover.is_agent,
        waiting=max(0, takeover.placed - takeover.done),
        since=takeover.since,
    )
