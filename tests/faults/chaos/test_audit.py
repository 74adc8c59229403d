"""The audit finds what it is there to find: whoever falsifies the record is noticed."""

import sqlite3
from pathlib import Path

from chaos.audit import Auditor
from chaos.installation import Installation
from rolldeck.storage.artifacts import LocalArtifacts

_ONE = "id = (SELECT min(id) FROM rollouts)"
_ONCE_MORE = """
    INSERT INTO events SELECT (SELECT max(seq) FROM events) + 1, at, kind, batch_id, task_id, rollout_id, data
    FROM events WHERE data LIKE '%"verified"%' LIMIT 1
"""
_FALSIFICATIONS = [
    ("rollouts_lost", f"DELETE FROM rollouts WHERE {_ONE}"),
    (
        "finished_twice",
        _ONCE_MORE,
    ),
    ("stuck", f"UPDATE rollouts SET status = 'running' WHERE {_ONE}"),
    ("false_failures", f"UPDATE rollouts SET status = 'failed' WHERE {_ONE}"),
    ("false_zero_rewards", "UPDATE rollouts SET verdict = replace(verdict, '\"success\":true', '\"success\":false')"),
    ("other_findings", "DELETE FROM events WHERE seq = 4"),
    ("other_findings", "DELETE FROM steps WHERE number = 1"),
    ("other_findings", "UPDATE batches SET completed = completed + 1"),
    ("other_findings", "UPDATE tasks SET live = 1"),
    ("other_findings", f"UPDATE rollouts SET attempt = 2 WHERE {_ONE}"),
    ("other_findings", f"UPDATE rollouts SET video = 'r/none.mp4' WHERE {_ONE}"),
    ("other_findings", "UPDATE workers SET state = 'working', pid = 4194305"),
]


async def test_every_falsification_of_the_record_is_found(on_sqlite: Installation, tmp_path: Path) -> None:
    on_sqlite.fleet.add()
    await on_sqlite.spawn(8)
    await on_sqlite.ended(60)
    await on_sqlite.fleet.stop()
    auditor = Auditor(on_sqlite.database, LocalArtifacts(on_sqlite.station.artifacts_dir))
    assert not (await auditor.audit(on_sqlite.batch_ids)).sentences
    kept = tmp_path / "kept.db"
    with sqlite3.connect(tmp_path / "rolldeck.db") as stored, sqlite3.connect(kept) as copy:
        stored.backup(copy)
    for figure, falsification in _FALSIFICATIONS:
        with sqlite3.connect(tmp_path / "rolldeck.db") as stored:
            assert stored.execute(falsification).rowcount > 0, falsification
        stored.close()
        found = (await auditor.audit(on_sqlite.batch_ids)).sentences
        assert found[figure], f"{falsification}: {dict(found)}"
        with sqlite3.connect(kept) as copy, sqlite3.connect(tmp_path / "rolldeck.db") as stored:
            copy.backup(stored)
        stored.close()
