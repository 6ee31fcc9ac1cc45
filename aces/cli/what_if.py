"""`aces analyze RUN --what-if ...`: an answer for the console, with nothing written."""

from collections.abc import Sequence
from pathlib import Path

from aces.cli.console import console, next_step, registries, say, show_table
from aces.errors import UserError
from aces.spec import Plugin

USE = "counterfactual"


def what_if(paths: Sequence[Path], questions: Sequence[str], against: str) -> None:
    """Prints the shares that each scenario would lead to."""
    from analysis.analyze import analyze, analyze_table
    from analysis.frame import load_choices

    given = {"what_if": tuple(questions), "against": against or None}
    parameters = registries()["estimator"].config(USE)(**given).model_dump(mode="json")
    asked = [Plugin(use=USE, name=USE, parameters=parameters)]
    for path in paths:
        with console.status("estimating ..."):
            if path.is_dir():
                from aces.store import RunStore

                with RunStore.open(path) as store:
                    found = analyze(store, analyses=asked)
            else:
                found = analyze_table(load_choices(path), name=path.stem, analyses=asked)
        if not found.findings and not found.withheld:
            raise UserError("; ".join(note.removeprefix(f"{USE}: ") for note in found.notes))
        for check in found.failed_checks():
            console.print(f"[red]gate:[/] {check.name}. {check.verdict}", soft_wrap=True)
        for one in found.findings:
            show_table(one.table.columns, one.table.rows, one.table.title)
            say(f"[dim]{one.table.note}[/]\n")
        for held in found.withheld:
            console.print(f"[yellow]withheld:[/] {held.sentence}", soft_wrap=True)
        for note in found.notes:
            console.print(f"[yellow]note:[/] {note}", soft_wrap=True)
    next_step(f"aces analyze {' '.join(map(str, paths))}")
