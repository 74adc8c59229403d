"""Several runtimes as one: each environment's name belongs to one of them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput
from rolldeck.domain.worker import PoolReport
from rolldeck.environments.bench import Footprint, Measurable
from rolldeck.environments.port import Environment, Environments, ProgressListener, TemplateInfo
from rolldeck.environments.pruning import Prunable, Superfluous


@dataclass(frozen=True)
class Route:
    """The names that one runtime has."""

    names: frozenset[str]
    environments: Environments


class RoutedEnvironments:
    """Environments of several runtimes; a runtime is not started, and not asked, where it has no name."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._all = routes  # one that has no name now may keep something of before
        self._routes = [route for route in routes if route.names]
        self._by_name: Mapping[str, Environments] = {
            name: route.environments for route in self._routes for name in route.names
        }

    async def start(self) -> None:
        """Make all ready; see the port."""
        await asyncio.gather(*(route.environments.start() for route in self._routes))

    async def templates(self) -> Sequence[TemplateInfo]:
        """Return all environments that tasks can name."""
        found = await asyncio.gather(*(route.environments.templates() for route in self._routes))
        routed = (
            template
            for route, templates in zip(self._routes, found, strict=True)
            for template in templates
            if template.name in route.names
        )
        return sorted(routed, key=lambda template: template.name)

    async def build(self, name: str, on_progress: ProgressListener) -> None:
        """Build a template; see the port."""
        if name not in self._by_name:
            there = ", ".join(sorted(self._by_name))
            raise InvalidInput(f"there is no environment {name!r}; there are: {there}")
        await self._by_name[name].build(name, on_progress)

    async def provision(self, name: str, rollout_id: str) -> Environment:
        """Return an environment from its runtime; see the port."""
        if name not in self._by_name:
            raise EnvironmentFailure(f"there is no environment {name!r}")
        return await self._by_name[name].provision(name, rollout_id)

    def expect(self, demand: Mapping[str, int]) -> None:
        """Tell each runtime what is demanded of it."""
        for route in self._routes:
            route.environments.expect({name: count for name, count in demand.items() if name in route.names})

    @property
    def blocked(self) -> str | None:
        """Why nothing should be asked for now: the first runtime's reason that has one."""
        return next((reason for route in self._routes if (reason := route.environments.blocked)), None)

    def report(self) -> PoolReport:
        """Return what became of all that was prepared."""
        reports = [route.environments.report() for route in self._routes]
        return PoolReport(
            ready=sum(one.ready for one in reports),
            hits=sum(one.hits for one in reports),
            misses=sum(one.misses for one in reports),
            discarded=sum(one.discarded for one in reports),
        )

    async def reap(self) -> int:
        """Remove leftovers of every runtime, also where one of them cannot; see the port."""
        reaped = await asyncio.gather(*(route.environments.reap() for route in self._routes), return_exceptions=True)
        for one in reaped:
            if isinstance(one, BaseException):
                raise one
        return sum(one for one in reaped if isinstance(one, int))

    async def close(self) -> None:
        """Close every runtime. Idempotent."""
        await asyncio.gather(*(route.environments.close() for route in self._routes))

    def pages(self, name: str) -> tuple[str, ...]:
        """Return paths of pages that its users open; see ``bench.Measurable``."""
        return self._measurable(name).pages(name)

    def data_path(self, name: str) -> str:
        """Return a path that is answered from the data; see ``bench.Measurable``."""
        return self._measurable(name).data_path(name)

    async def cold_start(self, name: str) -> float:
        """Measure a start without a template; see ``bench.Measurable``."""
        return await self._measurable(name).cold_start(name)

    async def footprint(self) -> Footprint:
        """Return the memory of all that runs; see ``bench.Measurable``."""
        measured = [route.environments for route in self._routes if isinstance(route.environments, Measurable)]
        prints = await asyncio.gather(*(one.footprint() for one in measured))
        return Footprint(processes=sum(one.processes for one in prints), files=sum(one.files for one in prints))

    async def superfluous(self) -> Sequence[Superfluous]:
        """Return all that a runtime keeps for templates of before; see ``pruning.Prunable``."""
        found = await asyncio.gather(*(one.superfluous() for one in self._prunable()))
        return [one for part in found for one in part]

    async def prune(self, what: Sequence[Superfluous]) -> Sequence[Superfluous]:
        """Remove it; see ``pruning.Prunable``."""
        removed = await asyncio.gather(*(one.prune(what) for one in self._prunable()))
        return [one for part in removed for one in part]

    def _prunable(self) -> Sequence[Prunable]:
        return [route.environments for route in self._all if isinstance(route.environments, Prunable)]

    def _measurable(self, name: str) -> Measurable:
        environments = self._by_name[name]
        if not isinstance(environments, Measurable):
            raise InvalidInput(f"environments of {name} cannot be measured with their runtime")
        return environments
