"""``rolldeck env``: the environments and their templates."""

import dataclasses
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table

from rolldeck.cli.batch import build_templates
from rolldeck.cli.progress import make_console
from rolldeck.cli.running import NOT_ALL_COMPLETED, OK, say, say_error
from rolldeck.domain.errors import InvalidInput, RolldeckError
from rolldeck.environments.bench import bench
from rolldeck.environments.builds import failure_line, progress_line
from rolldeck.environments.check import CheckedStep, check_recipe
from rolldeck.environments.port import Environments, TemplateInfo
from rolldeck.environments.pruning import Prunable, Superfluous
from rolldeck.installation import hold_free_installation
from rolldeck.logs import log_plainly
from rolldeck.settings import Settings
from rolldeck.wiring import environments_of, known_recipes_of


@dataclass(frozen=True)
class ListEnvironments:
    """``rolldeck env list``."""

    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """List them."""
        # Nothing is started, so that no installation has to be held.
        templates = await environments_of(settings, installation_id="list").templates()
        broken = known_recipes_of(settings).broken
        if self.as_json:
            document = {
                "environments": [_as_document(template) for template in templates],
                "broken_recipes": [{"file": str(one.file), "error": str(one.error)} for one in broken],
            }
            _print_json(document)
            return OK
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("name", "title", "runtime", "template", "size"):
            table.add_column(column)
        for template in templates:
            table.add_row(template.name, template.title, template.runtime, _state(template), _size(template))
        Console().print(table)
        for one in broken:
            say_error(one.error)
        return OK


@dataclass(frozen=True)
class BuildEnvironment:
    """``rolldeck env build``."""

    name: str
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Build it."""
        async with _open(settings) as environments:
            before = await _template(environments, self.name)
            await build_templates(environments, {self.name}, make_console())
            template = await _template(environments, self.name)
        if self.as_json:
            _print_json({**_as_document(template), "built_now": not before.built})
        else:
            say(f"{template.title}: {'already ' if before.built else ''}built ({_size(template)})")
        return OK


@dataclass(frozen=True)
class BuildForServer:
    """``rolldeck env build --supervised``: tells a server how it goes on, as ``environments.builds`` has it."""

    name: str

    async def __call__(self, settings: Settings) -> int:
        """Build it."""
        log_plainly()
        try:
            async with _open(settings) as environments:
                await environments.build(self.name, lambda progress: print(progress_line(progress), flush=True))
        except RolldeckError as error:
            print(failure_line(error), flush=True)
            return NOT_ALL_COMPLETED
        return OK


@dataclass(frozen=True)
class BenchEnvironment:
    """``rolldeck env bench``."""

    name: str
    count: int
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Measure it."""
        async with _open(settings) as environments:
            await _template(environments, self.name)
            await build_templates(environments, {self.name}, make_console())
            await environments.start()
            figures = await bench(environments, self.name, self.count)
        print(json.dumps(figures, indent=2))
        return OK


@dataclass(frozen=True)
class CheckEnvironment:
    """``rolldeck env check``."""

    name: str
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Check it, and return the exit code."""
        async with _open(settings) as environments:
            template = await _template(environments, self.name)
            [recipe] = [one for one in known_recipes_of(settings).all if one.name == self.name]
            started = time.perf_counter()
            await build_templates(environments, {self.name}, make_console())
            found = "it was built already" if template.built else "built now"
            steps = [CheckedStep("build the template", True, round(time.perf_counter() - started, 3), found)]
            self._say(steps[0])
            await environments.start()
            async for step in check_recipe(environments, recipe):
                steps.append(step)
                self._say(step)
        ok = all(step.ok for step in steps)
        if self.as_json:
            document = {"name": self.name, "ok": ok, "steps": [dataclasses.asdict(step) for step in steps]}
            print(json.dumps(document, indent=2, ensure_ascii=False))
        return OK if ok else NOT_ALL_COMPLETED

    def _say(self, step: CheckedStep) -> None:
        said = say if self.as_json else print
        said(f"{'ok    ' if step.ok else 'failed'} {step.seconds:8.3f} s  {step.name}: {step.found}")


@dataclass(frozen=True)
class PruneEnvironments:
    """``rolldeck env prune``."""

    yes: bool
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Remove what no recipe names any more, after asking."""
        async with _open(settings) as environments:
            found = await environments.superfluous() if isinstance(environments, Prunable) else []
            free = [one for one in found if not one.in_use]
            kept = [one for one in found if one.in_use]
            if free and not self.yes:
                say("\n".join(["No recipe needs these any more:", *(_line(one) for one in free)]))
            agreed = bool(free) and (self.yes or Confirm.ask("Remove them?", default=False))
            removed = await environments.prune(free) if agreed and isinstance(environments, Prunable) else []
        if self.as_json:
            document = {"removed": removed, "in_use": kept}
            print(
                json.dumps(
                    {name: [dataclasses.asdict(one) for one in all_] for name, all_ in document.items()}, indent=2
                )
            )
            return OK
        for one in removed:
            say(f"removed{_line(one)}")
        size = sum(one.size_bytes for one in removed)
        say(f"{len(removed)} removed ({size / 1e6:,.0f} MB); {len(kept)} in use, and kept")
        return OK


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[Environments]:
    """Give the environments alone, without what else a rollout needs; a server may run beside."""
    with hold_free_installation(settings.data_dir) as installation:
        environments = environments_of(settings, installation.id)
        try:
            yield environments
        finally:
            await environments.close()


def _print_json(document: object) -> None:
    print(json.dumps(document, indent=2))


def _as_document(template: TemplateInfo) -> dict[str, object]:
    stages = [
        {**dataclasses.asdict(stage), "made_at": None if stage.made_at is None else stage.made_at.isoformat()}
        for stage in template.stages
    ]
    return {**dataclasses.asdict(template), "stages": stages}


def _line(one: Superfluous) -> str:
    return f"  {one.runtime}  {one.what}  {one.size_bytes / 1e6:,.0f} MB"


async def _template(environments: Environments, name: str) -> TemplateInfo:
    templates = {template.name: template for template in await environments.templates()}
    if name not in templates:
        raise InvalidInput(
            f"there is no environment {name!r}; there is {', '.join(templates)} (of your own: ROLLDECK_RECIPES)"
        )
    return templates[name]


def _state(template: TemplateInfo) -> str:
    return "built" if template.built else f"not built: rolldeck env build {template.name}"


def _size(template: TemplateInfo) -> str:
    return "" if template.size_bytes is None else f"{template.size_bytes / 1e6:,.0f} MB"
