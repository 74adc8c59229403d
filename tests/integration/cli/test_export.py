"""Export from a terminal, beside a server or without one."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Rolldeck


def test_what_was_run_is_exported_as_rows_as_a_zip_file_and_as_a_page(
    rolldeck: "Rolldeck", tasks_file: Path, tmp_path: Path
) -> None:
    report = json.loads(rolldeck("run", tasks_file, "--agent", "noop", "--task", "unsolved", "--json").stdout)
    (rollout,) = report["rollouts"]

    (row,) = csv.DictReader(io.StringIO(rolldeck("export", "rollouts").stdout))
    assert (row["id"], row["status"], row["success"], row["expected"]) == (rollout["id"], "completed", "false", "42")
    assert rolldeck("export", "rollouts", "--format", "json", "--right").stdout == ""

    lines = tmp_path / "rollouts.jsonl"
    done = rolldeck("export", "rollouts", "--format", "json", "--status", "completed", "--output", lines)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert json.loads(lines.read_text())["id"] == rollout["id"]

    archive, page = tmp_path / "one.zip", tmp_path / "one.html"
    assert rolldeck("export", "rollout", rollout["id"], "--output", archive).returncode == 0
    assert {"steps.json", "video.mp4", "verdict.json"} <= set(zipfile.ZipFile(archive).namelist())
    assert rolldeck("export", "rollout", rollout["id"], "--html", "--output", page).returncode == 0
    assert "data:video/mp4;base64," in page.read_text()
    assert [path.name for path in tmp_path.glob("*.partial")] == []


def test_what_cannot_be_exported_is_told_and_nothing_is_left(rolldeck: "Rolldeck", tmp_path: Path) -> None:
    nothing = rolldeck("export", "rollouts", "--output", tmp_path / "rollouts.csv")
    assert nothing.returncode == 1
    assert "Error" in nothing.stderr
    assert not (tmp_path / "rollouts.csv").exists()
