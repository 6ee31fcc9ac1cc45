"""`aces people`: people meet the pages of an experiment, and stand in the same table."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from aces.cli.console import console, next_step, read_experiment, say
from aces.cli.experiments import Experiment, Settings
from aces.errors import UserError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(
        "people",
        epilog="Example: aces people study-people.yaml --out runs/people --host 0.0.0.0 --port "
        "8090. Panels hand over who somebody is: .../study/?participant=ID",
    )(people)


def people(
    experiment: Experiment,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Run folder, the one of the other buyers.")
    ],
    settings: Settings = [],  # noqa: B006
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 picks one.")
    ] = 8090,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
) -> None:
    """Let people shop on the identical pages: consent, errands, one question; until Ctrl-C."""
    from aces.catalog import load_catalog
    from aces.cli.runs import ProgressBar
    from experiments.executors.people import PeopleExecutor
    from experiments.run import people as people_of
    from experiments.run import run

    spec = read_experiment(experiment, settings)
    who = people_of(spec)
    if not who:
        raise UserError(
            f"{experiment}: no buyer is a person; add "
            "`- {use: person, name: people, interface: own_browser}` to `buyers:`"
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ProgressBar() as bar:
        executor = PeopleExecutor(host, port, lambda url: say(f"people begin at {url}"))
        catalog = load_catalog(spec.catalog, spec.folder)
        result = run(spec, catalog, out, executor, buyers=who, on_progress=bar.update)
    for warning in result.warnings:
        console.print(f"[yellow]changed since the last session:[/] {warning}")
    say("every trial of people has an outcome")
    next_step(f"aces analyze {out}")
