"""``rolldeck env validate``: whether a recipe file says a recipe."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from rolldeck.cli.running import BAD_INPUT, OK, say
from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.environments.recipes.file.reading import FileRecipe, read_recipe
from rolldeck.settings import Settings


class RecipeProblem(BaseModel):
    """One thing that is wrong: in which field, and where in which file (``line`` and ``column`` count from 1)."""

    field: str
    message: str
    file: str | None
    line: int | None
    column: int | None


class ValidationReport(BaseModel):
    """The document that ``rolldeck env validate --json`` prints. ``name``, ``title`` and ``services`` where all is well."""

    ok: bool
    file: str
    name: str | None = None
    title: str | None = None
    services: list[str] = []
    problems: list[RecipeProblem] = []


@dataclass(frozen=True)
class ValidateRecipe:
    """The command with its options."""

    file: Path
    as_json: bool

    async def __call__(self, _: Settings) -> int:
        """Validate, and return the exit code."""
        try:
            recipe = await asyncio.to_thread(read_recipe, self.file)
        except InvalidInput as error:
            if not self.as_json:
                raise
            problems = [_described(problem) for problem in error.problems or (FieldProblem("", str(error)),)]
            print(ValidationReport(ok=False, file=str(self.file), problems=problems).model_dump_json(indent=2))
            return BAD_INPUT
        self._print(recipe)
        return OK

    def _print(self, recipe: FileRecipe) -> None:
        services = [service.name for service in recipe.composition.services]
        if self.as_json:
            report = ValidationReport(
                ok=True, file=str(self.file), name=recipe.name, title=recipe.title, services=services
            )
            print(report.model_dump_json(indent=2))
        else:
            say(f"{self.file}: {recipe.title}, environment {recipe.name!r} with the services {', '.join(services)}")


def _described(problem: FieldProblem) -> RecipeProblem:
    place = problem.place
    return RecipeProblem(
        field=problem.field,
        message=problem.message,
        file=None if place is None else place.file,
        line=None if place is None else place.line,
        column=None if place is None else place.column,
    )
