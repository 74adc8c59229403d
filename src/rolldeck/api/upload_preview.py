"""What an upload would do, before it is done."""

from collections.abc import Mapping, Sequence

from rolldeck.api.schemas import UploadEntry, UploadPreview
from rolldeck.domain.task import Task
from rolldeck.domain.task_lines import lines_of_tasks
from rolldeck.storage.port import StoredTask

_MOST_ENTRIES = 1_000
_MOST_CHARACTERS = 4_000_000  # of the tasks that are shown


def upload_preview(content: bytes, tasks: Sequence[Task], stored: Mapping[str, StoredTask]) -> UploadPreview:
    """Compare the tasks of a file with the stored ones. ``content`` is the file, which was read without a problem."""
    lines = lines_of_tasks(content.decode("utf-8-sig"))
    added = changed = characters = 0
    entries: list[UploadEntry] = []
    for task, line in zip(tasks, lines, strict=True):
        before = stored.get(task.id)
        if before is None:
            added += 1
        elif before.version != task.version:
            changed += 1
        else:
            continue
        shown = [task] if before is None else [before.task, task]
        characters += sum(len(each.model_dump_json()) for each in shown)
        if len(entries) < _MOST_ENTRIES and characters <= _MOST_CHARACTERS:
            entries.append(UploadEntry(id=task.id, line=line, before=before and before.task, after=task))
    unchanged = len(tasks) - added - changed
    return UploadPreview(
        added=added,
        changed=changed,
        unchanged=unchanged,
        total=len(tasks),
        entries=entries,
        more=added + changed - len(entries),
    )
