"""Stands for any application in a virtual environment: as small as one can be, so that what runs it can be tested."""

from pathlib import Path

from rolldeck.environments.recipe import Database, PythonApplication, Recipe

_HERE = Path(__file__).parent


class Fruit:
    """Stands for a recipe's data: one table of three rows."""

    def write(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "schema.sql").write_text(
            "CREATE TABLE fruit (id integer PRIMARY KEY, name text, price numeric(6, 2), picked_on date);"
        )
        (directory / "fruit.csv").write_text(
            "id,name,price,picked_on\n1,apple,1.50,2024-09-01\n2,pear,2.00,2024-09-02\n3,plum,,\n"
        )
        (directory / "tables.txt").write_text("fruit\n")

    def content_hash(self) -> str:
        return "three-fruits"


def small(requirements: Path = _HERE / "requirements.lock") -> Recipe:
    return Recipe(
        name="small",
        title="a small application",
        forked=PythonApplication(
            data=Database(name="fruit", title="some fruit", tables=Fruit()),
            module=_HERE / "application.py",
            requirements=requirements,
            python_versions=("3.11", "3.12", "3.13", "3.14"),
            sources=(_HERE / "application.py",),
            build_steps=("make the notes",),
            health_path="/health",
            pages=("/",),
            data_path="/",
            sqlite_databases={"notes": "notes.sqlite"},
        ),
    )
