"""`aces analyze`, `report` and `export`: from stored trials to estimates."""

from pathlib import Path
from typing import Annotated

import typer

from aces.cli.console import console, next_step, say, show_table

Paths = Annotated[
    list[Path],
    typer.Argument(help="Run folders, or long tables (Parquet, CSV).", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("analyze", epilog="Example: aces analyze runs/mine")(analyze)
    app.command("report", epilog="Example: aces report runs/mine --out mine.html")(report)
    app.command("export", epilog="Example: aces export runs/mine --out mine.parquet")(export)


def analyze(
    paths: Paths,
    out: Annotated[Path | None, typer.Option(help="Folder for estimates.csv.")] = None,
) -> None:
    """Estimate what caused the choices: planted and estimated side by side, and estimates.csv."""
    from analysis.analyze import analyze_paths

    for result in analyze_paths(paths, out):
        for table in result.tables():
            show_table(table.columns, table.rows, table.title)
            say(f"[dim]{table.note}[/]\n" if table.note else "")
        for check in result.failed_checks():
            console.print(f"[red]gate:[/] {check.name}. {check.verdict}", soft_wrap=True)
        for note in result.notes:
            console.print(f"[yellow]note:[/] {note}", soft_wrap=True)
        say(f"wrote {result.path}")
    next_step(f"aces report {' '.join(map(str, paths))}")


def report(
    paths: Paths,
    out: Annotated[Path | None, typer.Option(help="File to write.")] = None,
) -> None:
    """Write report.html: one file that opens anywhere, without a network."""
    from analysis.report import write_report

    path = write_report(paths, out or paths[0] / "report.html")
    say(f"wrote {path}")
    next_step(f"aces export {paths[0]} --out {paths[0].name}.parquet")


def export(
    folder: Annotated[Path, typer.Argument(help="Run folder.", show_default=False)],
    out: Annotated[Path, typer.Option(help="FILE.parquet or FILE.csv.")],
) -> None:
    """Write the long table: one row per alternative per trial, with a codebook beside it."""
    from analysis.frame import export as write
    from analysis.frame import load_choices

    choices = load_choices(folder)
    write(choices, out)
    say(f"wrote {len(choices):,} rows to {out}, and its codebook")
    next_step(f"python -c \"import pandas; print(pandas.read_{out.suffix[1:]}('{out}').head())\"")
