"""Tasks: upload, list, read."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import JsonValue

from rolldeck.api.identifiers import TaskCursor, TaskId, TaskVersion
from rolldeck.api.schemas import TaskDetail, TaskList, UploadPreview, UploadResult
from rolldeck.api.services import Needs, Services
from rolldeck.api.upload_preview import upload_preview
from rolldeck.api.uploads import read_upload
from rolldeck.api.views import task_detail, task_summary
from rolldeck.domain.task import Task
from rolldeck.domain.task_file import parse_task_file, task_file_schema

router = APIRouter(prefix="/api/tasks", tags=["tasks"])

# Read by hand, in pieces, so that a body beyond the limit is refused before it is held: FastAPI cannot know its shape.
_UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary", "description": "a tasks.json"}},
                }
            },
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
        },
    }
}


@router.post("/upload", openapi_extra=_UPLOAD_BODY)
async def upload_tasks(request: Request, services: Needs) -> UploadResult:
    """Store a task file: all of its tasks or, where any is refused, none."""
    tasks = await _read_tasks(await read_upload(request, services.max_upload_bytes), services)
    counts = await services.tasks.upload(tasks)
    return UploadResult(
        added=counts.added,
        changed=counts.changed,
        unchanged=counts.unchanged,
        total=len(tasks),
        task_ids=[task.id for task in tasks],
    )


@router.post("/upload/preview", openapi_extra=_UPLOAD_BODY)
async def preview_upload(request: Request, services: Needs) -> UploadPreview:
    """Say what an upload of a task file would add and change, and change nothing."""
    content = await read_upload(request, services.max_upload_bytes)
    tasks = await _read_tasks(content, services)
    stored = await services.tasks.newest([task.id for task in tasks])
    return await asyncio.to_thread(upload_preview, content, tasks, stored)


async def _read_tasks(content: bytes, services: Services) -> Sequence[Task]:
    environments = [template.name for template in await services.environments.templates()]
    return await asyncio.to_thread(
        parse_task_file, content, environments=environments, max_bytes=services.max_upload_bytes
    )


@router.get("")
async def list_tasks(
    services: Needs,
    after: TaskCursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    recent: Annotated[int, Query(ge=0, le=50, description="how many of each task's newest ended rollouts to tell")] = 0,
) -> TaskList:
    """Tasks in the order of their ids, with the counts of their rollouts."""
    stored = await services.tasks.list(after=after, limit=limit + 1)
    page = stored[:limit]
    following = page[-1].task.id if len(stored) > limit else None
    ended = await services.statistics.newest_ended([each.task.id for each in page], recent) if recent else {}
    return TaskList(tasks=[task_summary(each, tuple(ended.get(each.task.id, ()))) for each in page], next=following)


@router.get("/schema")
async def get_task_file_schema() -> dict[str, JsonValue]:
    """The JSON Schema of a task file."""
    return task_file_schema()


@router.get("/{task_id:path}")
async def get_task(task_id: TaskId, services: Needs, version: TaskVersion = None) -> TaskDetail:
    """One task, whole: its newest version, or the one that is named, as a rollout's `task_version` does."""
    return task_detail(await services.tasks.get(task_id, version), await services.tasks.versions(task_id))
