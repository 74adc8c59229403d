"""Apache Superset over the shop's data in PostgreSQL; its own metadata is one SQLite file."""

from pathlib import Path

from rolldeck.environments.composition import TableData
from rolldeck.environments.recipe import Database, PythonApplication, Recipe
from rolldeck.environments.recipes.superset.services import SupersetContainers as SupersetContainers
from rolldeck.environments.recipes.superset.services import services_of

_HERE = Path(__file__).parent


def superset(data: TableData, containers: SupersetContainers | None = None) -> Recipe:
    """Return the recipe, over the shop's tables: forked, and as services in containers."""
    return Recipe(
        name="superset",
        title="Apache Superset",
        composition=services_of(data, containers or SupersetContainers()),
        forked=PythonApplication(
            data=Database(name="shop", title="the shop's data", tables=data),
            module=_HERE / "application.py",
            requirements=_HERE / "requirements.lock",
            python_versions=("3.11", "3.12"),  # there are no wheels of Superset's numpy and pandas for later ones
            sources=(_HERE / "application.py", _HERE / "configuration.py"),
            build_steps=(
                "migrate Superset's metadata",
                "create roles and the agent's account",
                "register datasets",
            ),
            health_path="/health",
            pages=(
                "/superset/welcome/",
                "/tablemodelview/list/",
                "/chart/list/",
                "/dashboard/list/",
                "/sqllab/",
                "/explore/?datasource_type=table&datasource_id=1",
                "/api/v1/explore/?datasource_type=table&datasource_id=1",
                "/api/v1/dataset/",
                "/api/v1/dataset/1",
                "/api/v1/chart/",
                "/api/v1/dashboard/",
                "/api/v1/database/1/tables/?q=(force:!f,schema_name:public)",
            ),
            data_path="/api/v1/datasource/table/1/column/plan/values/",  # tables are registered by name: accounts first
            sqlite_databases={"metadata": "metadata.sqlite"},
        ),
    )
