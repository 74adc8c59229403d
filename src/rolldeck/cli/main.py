"""The ``rolldeck`` command. What a command needs is imported when it is called, so that ``--help`` is quick."""
# ruff: noqa: PLC0415, PLR0917

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from rolldeck.domain.status import Status

_EPILOG = (
    "Exit codes: 0 all is well; 1 not every rollout completed, or something failed; "
    "2 wrong usage or input; 130 interrupted. Settings: ROLLDECK_… variables, see docs/settings.md."
)

app = typer.Typer(
    name="rolldeck",
    help="Parallel rollouts of browser agents in real web applications, recorded and verified.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
env_app = typer.Typer(help="The environments that tasks run in, and their templates.", no_args_is_help=True)
app.add_typer(env_app, name="env")
agent_app = typer.Typer(help="Who can try tasks: agents and models.", no_args_is_help=True)
app.add_typer(agent_app, name="agent")
batch_app = typer.Typer(help="The batches of rollouts of a server that runs.", no_args_is_help=True)
app.add_typer(batch_app, name="batch")
db_app = typer.Typer(help="The database's version, and its way from SQLite to PostgreSQL.", no_args_is_help=True)
app.add_typer(db_app, name="db")
export_app = typer.Typer(help="What is stored, as files; also while a server uses it.", no_args_is_help=True)
app.add_typer(export_app, name="export")

TasksFile = Annotated[Path, typer.Argument(metavar="TASKS.json", help="File with the tasks.", show_default=False)]
OnlyTasks = Annotated[
    list[str] | None, typer.Option("--task", metavar="ID", help="Only this task; may be given several times.")
]
Parallel = Annotated[
    int | None,
    typer.Option(
        "--parallel",
        "-p",
        min=1,
        max=256,
        help="Rollouts at once, of each worker.",
        show_default="ROLLDECK_PARALLEL, by processors and memory",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where results are kept.", show_default="ROLLDECK_DATA_DIR", file_okay=False),
]
Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on.", show_default="ROLLDECK_HOST, 127.0.0.1")
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=0,
        max=65535,
        help="Port to listen on; 0 is any free one. Named here it must be free; otherwise the next free one is taken.",
        show_default="ROLLDECK_PORT, 8000",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-w",
        min=0,
        max=256,
        help="Worker processes to start; 0 leaves the work to `rolldeck worker` elsewhere.",
        show_default="ROLLDECK_WORKERS, by processors and memory",
    ),
]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Address of the server.", show_default="the data directory's"),
]
BatchId = Annotated[str, typer.Argument(metavar="ID", help="Id of the batch.", show_default=False)]
EnvironmentName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the environment.", show_default=False)]


def _print_version(wanted: bool) -> None:
    if wanted:
        from rolldeck import __version__

        print(f"rolldeck {__version__}")
        raise typer.Exit


@app.callback()
def _rolldeck(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""


@app.command(epilog=_EPILOG)
def run(
    tasks_file: TasksFile,
    agent: Annotated[
        str, typer.Option("--agent", "-a", help="Who tries the tasks: see `rolldeck agent list`.")
    ] = "oracle",
    model: Annotated[str | None, typer.Option("--model", "-m", help="The agent's model, where it has one.")] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter of the agent; several times. See docs/agents.md."
        ),
    ] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", min=1, help="Tokens of each rollout.")] = None,
    max_cost: Annotated[float | None, typer.Option("--max-cost", help="US dollars of each rollout.")] = None,
    budget_tokens: Annotated[
        int | None,
        typer.Option("--budget-tokens", min=1, help="Tokens of all rollouts together; what is left is cancelled."),
    ] = None,
    budget_cost: Annotated[
        float | None, typer.Option("--budget-cost", help="US dollars of all rollouts together; likewise.")
    ] = None,
    extract_with: Annotated[
        str | None,
        typer.Option(
            "--extract-with",
            metavar="PROVIDER:MODEL",
            help="Have this model read answers that are not written as asked; none: nobody.",
            show_default="ROLLDECK_EXTRACT_WITH",
        ),
    ] = None,
    record_model: Annotated[
        bool, typer.Option("--record-model", help="Keep what the model is asked and answers, as a cassette.")
    ] = False,
    model_cassette: Annotated[
        list[Path] | None,
        typer.Option(
            "--model-cassette", metavar="FILE", help="Play this again instead of asking a model; several times."
        ),
    ] = None,
    task: OnlyTasks = None,
    repeats: Annotated[int, typer.Option("--repeats", "-n", min=1, max=1000, help="Rollouts of each task.")] = 1,
    max_attempts: Annotated[
        int, typer.Option("--max-attempts", min=1, max=20, help="Attempts at a rollout whose infrastructure fails.")
    ] = 3,
    reuse: Annotated[
        bool, typer.Option("--reuse", help="Let an identical rollout that completed before answer at once.")
    ] = False,
    parallel: Parallel = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Run rollouts of the tasks in a file, and report how they ended.

    Exits with 0 when every rollout completed (whether its answer was right or wrong), else with 1. Ctrl-C cancels what
    runs and cleans up. While a server uses the data directory, results go to a directory of this run's own beside it.
    """
    from rolldeck.cli.run import RunTasks
    from rolldeck.cli.running import complete

    command = RunTasks(
        tasks_file=tasks_file,
        agent=agent,
        model=model,
        parameters=parameters or (),
        cassettes=model_cassette or (),
        only=task or (),
        repeats=repeats,
        max_attempts=max_attempts,
        max_tokens=max_tokens,
        max_cost=max_cost,
        budget_tokens=budget_tokens,
        budget_cost=budget_cost,
        extract_with=extract_with,
        reuse=reuse,
        as_json=as_json,
    )
    recording = record_model or None  # the setting holds where the option is not given
    raise typer.Exit(
        complete(command, quiet=True, data_dir=data_dir, workers=1, parallel=parallel, record_models=recording)
    )


@app.command(epilog=_EPILOG)
def check(
    tasks_file: TasksFile,
    task: OnlyTasks = None,
    parallel: Parallel = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Check tasks: those whose own solution does not solve them, and those that doing nothing solves.

    Runs the agents oracle and noop on every task. Exits with 1 when a task has a problem.
    """
    from rolldeck.cli.check import CheckTasks
    from rolldeck.cli.running import complete

    command = CheckTasks(tasks_file, task or (), as_json)
    raise typer.Exit(complete(command, quiet=True, data_dir=data_dir, workers=1, parallel=parallel))


@app.command(epilog=_EPILOG)
def serve(
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    parallel: Parallel = None,
    data_dir: DataDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the address as JSON on stdout once it serves.")
    ] = False,
) -> None:
    """Serve the dashboard and the API, with workers that execute what is queued, until Ctrl-C.

    Ctrl-C gives back what runs to the queue, which goes on at the next start; SIGTERM lets it go on for
    ROLLDECK_DRAIN_SECONDS before.
    """
    from rolldeck.cli.running import complete
    from rolldeck.cli.serve import Serve

    command = Serve(port_must_be_free=port is not None, as_json=as_json)
    raise typer.Exit(
        complete(command, quiet=False, host=host, port=port, workers=workers, parallel=parallel, data_dir=data_dir)
    )


@app.command(epilog=_EPILOG)
def worker(
    parallel: Parallel = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON on stdout once it works.")] = False,
    worker_id: Annotated[str | None, typer.Option("--id", hidden=True)] = None,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Execute what is queued, beside a server's own workers: with the same data directory or the same database.

    On another machine: ROLLDECK_DATABASE_URL, and ROLLDECK_ARTIFACTS_DIR on a shared directory. SIGTERM finishes what
    runs, Ctrl-C or a second signal gives it back to the queue.
    """
    from rolldeck.cli.running import STOPPING, complete
    from rolldeck.cli.worker import Work

    command = Work(worker_id, supervised, as_json)
    stopping = None if supervised else STOPPING  # the server says it
    raise typer.Exit(complete(command, quiet=False, stopping=stopping, parallel=parallel, data_dir=data_dir))


@app.command(epilog=_EPILOG)
def demo(
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    parallel: Parallel = None,
    data_dir: DataDir = None,
    exit_when_done: Annotated[
        bool,
        typer.Option(
            "--exit-when-done",
            envvar="ROLLDECK_DEMO_EXIT",
            help="Stop when the rollouts have ended; exit with 0 if all of them completed.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the address as JSON on stdout once it serves.")
    ] = False,
) -> None:
    """Serve with the example tasks and a few rollouts of them: builds what is missing first."""
    from rolldeck.cli.demo import Demo
    from rolldeck.cli.running import complete

    command = Demo(port_must_be_free=port is not None, exit_when_done=exit_when_done, as_json=as_json)
    raise typer.Exit(
        complete(command, quiet=True, host=host, port=port, workers=workers, parallel=parallel, data_dir=data_dir)
    )


@app.command("logs", epilog=_EPILOG)
def logs(
    rollout_id: Annotated[str, typer.Argument(metavar="ROLLOUT", help="A rollout's id.", show_default=False)],
    attempt: Annotated[int | None, typer.Option("--attempt", min=1, help="Which attempt; default: the last.")] = None,
    server: Server = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show what the services of a rollout's environment wrote last (environments in Docker)."""
    from rolldeck.cli.logs import ShowLogs
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(ShowLogs(rollout_id, attempt, server, as_json), quiet=True, data_dir=data_dir))


@batch_app.command("list", epilog=_EPILOG)
def batch_list(
    live: Annotated[bool, typer.Option("--live", help="Only those that have not ended.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="So many, newest first.")] = 20,
    server: Server = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """List the batches, newest first, and how far they are."""
    from rolldeck.cli.batches import ListBatches
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(ListBatches(live, limit, server, as_json), quiet=True, data_dir=data_dir))


@batch_app.command("show", epilog=_EPILOG)
def batch_show(batch_id: BatchId, server: Server = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Show a batch: how its rollouts ended, and what is left."""
    from rolldeck.cli.batches import ShowBatch
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(ShowBatch(batch_id, server, as_json), quiet=True, data_dir=data_dir))


@batch_app.command("pause", epilog=_EPILOG)
def batch_pause(batch_id: BatchId, server: Server = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Let nothing more of a batch begin; what runs is finished."""
    from rolldeck.cli.batches import PauseBatch
    from rolldeck.cli.running import complete

    command = PauseBatch(batch_id, paused=True, server=server, as_json=as_json)
    raise typer.Exit(complete(command, quiet=True, data_dir=data_dir))


@batch_app.command("resume", epilog=_EPILOG)
def batch_resume(batch_id: BatchId, server: Server = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Let a paused batch go on."""
    from rolldeck.cli.batches import PauseBatch
    from rolldeck.cli.running import complete

    command = PauseBatch(batch_id, paused=False, server=server, as_json=as_json)
    raise typer.Exit(complete(command, quiet=True, data_dir=data_dir))


@batch_app.command("cancel", epilog=_EPILOG)
def batch_cancel(batch_id: BatchId, server: Server = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Cancel the rollouts of a batch that have not ended."""
    from rolldeck.cli.batches import CancelBatch
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(CancelBatch(batch_id, server, as_json), quiet=True, data_dir=data_dir))


@batch_app.command("retry", epilog=_EPILOG)
def batch_retry(batch_id: BatchId, server: Server = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Queue the rollouts of a batch once more that failed for their infrastructure."""
    from rolldeck.cli.batches import RetryBatch
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(RetryBatch(batch_id, server, as_json), quiet=True, data_dir=data_dir))


@app.command(epilog=_EPILOG)
def watch(
    after: Annotated[
        int | None, typer.Option("--after", metavar="N", min=0, help="From the event after number N on; 0: all.")
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="ID", help="Only events of this batch.")] = None,
    server: Server = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON on stdout.")] = False,
) -> None:
    """Follow what happens on a server, until Ctrl-C. Goes on where it was when the server restarts."""
    from rolldeck.cli.running import complete
    from rolldeck.cli.watch import WatchEvents

    raise typer.Exit(complete(WatchEvents(server, after, batch, as_json), quiet=True, data_dir=data_dir))


@db_app.command("upgrade", epilog=_EPILOG)
def db_upgrade(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Bring the database's tables to this version; `rolldeck serve` does so, too."""
    from rolldeck.cli.db import UpgradeDatabase
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(UpgradeDatabase(as_json), quiet=True, data_dir=data_dir))


@db_app.command("copy", epilog=_EPILOG)
def db_copy(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            envvar="ROLLDECK_COPY_TO",
            help="The empty PostgreSQL database: postgresql://user:password@host/database.",
            show_default=False,
        ),
    ],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Copy everything from the data directory's SQLite database into an empty PostgreSQL one."""
    from rolldeck.cli.db import CopyDatabase
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(CopyDatabase(to, as_json), quiet=True, data_dir=data_dir))


@export_app.command("rollouts", epilog=_EPILOG)
def export_rollouts(
    *,
    format_: Annotated[
        Literal["csv", "json"], typer.Option("--format", "-f", help="CSV, or JSON lines: one object a line.")
    ] = "csv",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", dir_okay=False, help="File to write; replaced if there.", show_default="stdout"),
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="ID", help="Only rollouts of this batch.")] = None,
    task: Annotated[str | None, typer.Option("--task", metavar="ID", help="Only rollouts of this task.")] = None,
    status: Annotated[
        list[Status] | None, typer.Option("--status", help="Only rollouts in this status; may be given several times.")
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Only rollouts of this agent.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Only rollouts of this model.")] = None,
    success: Annotated[
        bool | None, typer.Option("--right/--wrong", help="Only completed rollouts with this verdict.")
    ] = None,
    error: Annotated[str | None, typer.Option("--error", help="Only failed ones, by the kind of their error.")] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", help="Only those with this text in the task, the answer, an error, or what was said."),
    ] = None,
    environment: Annotated[str | None, typer.Option("--environment", help="Only rollouts in this environment.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only rollouts of tasks with this tag.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", help="Only rollouts that were queued then (UTC) or later.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", help="Only rollouts that were queued before (UTC).")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write all rollouts that match everything given, newest first, a row each, however many."""
    from rolldeck.cli.export import ExportRollouts
    from rolldeck.cli.running import complete
    from rolldeck.export.tables import TableFormat
    from rolldeck.storage.port import RolloutFilter

    where = RolloutFilter(
        batch_id=batch,
        task_id=task,
        statuses=frozenset(status or ()),
        agent=agent,
        model=model,
        success=success,
        error=error,
        text=text,
        environment=environment,
        tag=tag,
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
    )
    raise typer.Exit(complete(ExportRollouts(TableFormat(format_), where, output), quiet=True, data_dir=data_dir))


@export_app.command("rollout", epilog=_EPILOG)
def export_rollout(
    rollout_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the rollout.", show_default=False)],
    as_page: Annotated[
        bool, typer.Option("--html/--zip", help="A page that opens from a file, or a zip file with everything.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            dir_okay=False,
            help="File to write; replaced if it is there.",
            show_default="rollout-ID.…",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write one rollout: steps, screenshots, video, verdict."""
    from rolldeck.cli.export import ExportRollout
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(ExportRollout(rollout_id, as_page, output), quiet=True, data_dir=data_dir))


@agent_app.command("list", epilog=_EPILOG)
def agent_list(as_json: Json = False) -> None:
    """List the agents, whether they can be used here and why not, and the models whose prices are known."""
    from rolldeck.cli.agent import ListAgents
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(ListAgents(as_json), quiet=True))


@env_app.command("list", epilog=_EPILOG)
def env_list(as_json: Json = False) -> None:
    """List the environments, and whether their templates are built."""
    from rolldeck.cli.env import ListEnvironments
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(ListEnvironments(as_json), quiet=True))


@env_app.command("build", epilog=_EPILOG)
def env_build(
    name: EnvironmentName,
    as_json: Json = False,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Build an environment's template, if it is not built yet. Goes on where an interrupted build was."""
    from rolldeck.cli.env import BuildEnvironment, BuildForServer
    from rolldeck.cli.running import STOPPING, complete

    command = BuildForServer(name) if supervised else BuildEnvironment(name, as_json)
    raise typer.Exit(complete(command, quiet=True, stopping=None if supervised else STOPPING))


@env_app.command("check", epilog=_EPILOG)
def env_check(name: EnvironmentName, as_json: Json = False) -> None:
    """Try an environment: provision it, log in, open its pages, read its databases, tear it down; each is timed.

    Exits with 1 when something of it does not work.
    """
    from rolldeck.cli.env import CheckEnvironment
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(CheckEnvironment(name, as_json), quiet=True))


@env_app.command("validate", epilog=_EPILOG)
def env_validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recipe file.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Validate a recipe file: every problem with its field, line and column. Exits with 2 if there is one."""
    from rolldeck.cli.recipe import ValidateRecipe
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(ValidateRecipe(file, as_json), quiet=True))


@env_app.command("prune", epilog=_EPILOG)
def env_prune(
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what is kept of templates that no recipe names any more; what is in use stays."""
    from rolldeck.cli.env import PruneEnvironments
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(PruneEnvironments(yes, as_json), quiet=True))


@env_app.command("bench", epilog=_EPILOG)
def env_bench(
    name: EnvironmentName,
    count: Annotated[
        int,
        typer.Option(
            "--count",
            min=1,
            max=1024,
            help="Environments alive at once; up to 24 of them are also measured one by one.",
        ),
    ] = 8,
    as_json: Json = False,
) -> None:
    """Measure how fast environments are provisioned, and what they cost."""
    from rolldeck.cli.env import BenchEnvironment
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(BenchEnvironment(name, count, as_json), quiet=True))


@app.command(epilog=_EPILOG)
def doctor(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Say what is present on this machine, what is missing, and what to do. Exits with 1 if something needed is missing."""
    from rolldeck.cli.doctor import Examine
    from rolldeck.cli.running import complete

    raise typer.Exit(complete(Examine(as_json), quiet=True, data_dir=data_dir))


@app.command(epilog=_EPILOG)
def version(as_json: Json = False) -> None:
    """Print the version."""
    import json

    from rolldeck import __version__

    print(json.dumps({"version": __version__}) if as_json else f"rolldeck {__version__}")


def main() -> None:
    """Entry point of the ``rolldeck`` command."""
    app()


if __name__ == "__main__":
    main()
