"""The whole faults suite as one command: ``python tests/faults/chaos --seed 7``. Its last line is a JSON object."""

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.figures import Figures

HERE = Path(__file__).parent


class Tally:
    """Adds up what the tests report."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, object]] = {}
        self.skipped: dict[str, str] = {}
        self.failed: list[str] = []
        self.figures = Figures()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one report."""
        name = report.nodeid.rpartition("/")[2]
        if report.failed:
            self.failed.append(name)
        if report.skipped:
            self.skipped[name] = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if report.when == "call":
            for key, value in report.user_properties:
                if key == "chaos" and isinstance(value, dict):
                    figures = Figures.of(value)
                    self.figures += figures
                    self.tests[name] = figures.as_json()
                    print(f"\n    {json.dumps(figures.as_json())}", flush=True)  # noqa: T201


def main() -> int:
    """Run it. Returns 0 only where every target holds."""
    parser = argparse.ArgumentParser(prog="make chaos", description="the faults suite")
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of an earlier run")
    parser.add_argument("--short", action="store_true", help="as few faults as continuous integration injects")
    parser.add_argument("-k", dest="expression", default="", help="only the tests whose names match")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(2**31) if options.seed is None else options.seed
    os.environ["CHAOS_SEED"] = str(seed)
    if not options.short:
        os.environ["CHAOS_FULL"] = "1"
    print(f"Seed: {seed}", flush=True)  # noqa: T201

    tally = Tally()
    started = time.monotonic()
    arguments = [
        str(HERE),
        str(HERE.parent / "environments" / "test_docker.py"),
        "-v",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        *(["-k", options.expression] * bool(options.expression)),
    ]
    code = pytest.main(arguments, plugins=[tally])
    result = {
        "seed": seed,
        **tally.figures.as_json(),
        "tests": len(tally.tests),
        "failed": tally.failed,
        "skipped": tally.skipped,
        "seconds": round(time.monotonic() - started, 1),
        "ok": code == pytest.ExitCode.OK and tally.figures.failures == 0 and bool(tally.tests),
    }
    print(json.dumps(result), flush=True)  # noqa: T201
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
