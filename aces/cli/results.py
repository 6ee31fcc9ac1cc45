"""`aces analyze`, `report` and `export`: from stored trials to estimates."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from aces.cli import formula as foreign
from aces.cli.console import console, next_step, registries, say, show_table
from aces.errors import UserError

if TYPE_CHECKING:
    from aces.spec import Plugin
    from aces.types import Estimate
    from analysis.analyze import Analysis
    from analysis.display import Table
    from analysis.fits import Finding

ANALYZE = """Example: aces analyze runs/mine

Choice data of one's own: aces analyze trips.csv --formula 'chosen ~ time + cost' --choice-set trip
--cluster person

Another model: aces analyze power.csv --formula 'choice ~ pf + cl' --choice-set chid
--model mixed_logit --set panel=id --set random.pf=normal --set draws=600 --out found"""
REPORT = """Example: aces report runs/mine

Several in one: aces report runs/one runs/two trips.csv --out all.html

Did the update change what it buys? aces report runs/before runs/after --compare"""
MOST_PAIRS = 3
"""Pairs whose tables are printed."""

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...", help="Run folders, or long tables (Parquet, CSV).", show_default=False
    ),
]

Questions = Annotated[
    list[str],
    typer.Option(metavar="Q", help="Shares if: 'PRODUCT: price=-10%, position=1'; writes nothing."),
]
Against = Annotated[
    str, typer.Option(metavar="Q", help="With --what-if: compared with this, not as drawn.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("analyze", epilog=ANALYZE)(analyze)
    app.command("report", epilog=REPORT)(report)
    app.command("export", epilog="Example: aces export runs/mine --out mine.parquet")(export)


def analyze(
    context: typer.Context,
    paths: Paths,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for estimates.csv.")
    ] = None,
    analysis: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML with `analysis: ...`.")
    ] = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Did it change what it buys, and why? Runs, or buyers of one."
        ),
    ] = False,
    replicate: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="With --compare: the first run's buyers, met again."),
    ] = None,
    layout: Annotated[
        str, typer.Option("--table", metavar="paper", help="As a paper: text, CSV and LaTeX.")
    ] = "",
    what_if: Questions = [],  # noqa: B006
    against: Against = "",
    formula: foreign.Formula = "",
    model: foreign.Model = "",
    choice_set: foreign.ChoiceSet = "",
    effects: foreign.Effects = "",
    cluster: foreign.Cluster = "",
    weights: foreign.Weights = "",
    offset: foreign.Offset = "",
    by: foreign.By = [],  # noqa: B006
    outside: foreign.Outside = False,
    cov_type: foreign.CovType = "",
    constraints: foreign.Constraints = [],  # noqa: B006
    bootstrap: foreign.Bootstrap = False,
    settings: foreign.Settings = [],  # noqa: B006
) -> None:
    """Estimate what caused the choices: planted and estimated side by side, and estimates.csv."""
    from analysis.analyze import analyze_paths

    if layout not in ("", "paper"):
        raise UserError(f"--table {layout} is unknown. Known: paper")
    foreign.check_options(context.params)
    if formula:
        foreign.fit(paths, context.params)
        return
    if what_if:
        _what_if(paths, what_if, against)
        return
    analyses = _read_analyses(analysis) if analysis else ()
    with console.status("estimating ..."):
        results = analyze_paths(paths, out, analyses)
    for result in results:
        _show(result, tables=not layout)
    if layout:
        _show_paper(results)
    if compare or replicate is not None:
        _compare(paths, replicate, results)
    next_step(f"aces report {' '.join(map(str, paths))}")


def _what_if(paths: list[Path], questions: list[str], against: str) -> None:
    """Prints what changes would do to shares."""
    from aces.cli.what_if import what_if

    what_if(paths, questions, against)


def _show(result: "Analysis", *, tables: bool) -> None:
    """Prints one run's gates, tables and notes."""
    for check in result.failed_checks():
        console.print(f"[red]gate:[/] {check.name}. {check.verdict}", soft_wrap=True)
    for table in result.tables() if tables else ():
        _show_table(table)
    for one in result.withheld:
        console.print(f"[yellow]withheld:[/] {one.sentence}", soft_wrap=True)
    _show_registration(result)
    for note in result.notes:
        console.print(f"[yellow]note:[/] {note}", soft_wrap=True)
    say(f"wrote {', '.join(map(str, filter(None, (result.path, *result.beside))))}")


def _show_table(table: "Table") -> None:
    show_table(table.columns, table.rows, table.title)
    say(f"[dim]{table.note}[/]\n" if table.note else "")


def _show_paper(results: "Sequence[Analysis]") -> None:
    """Prints estimates as a paper has them, models side by side, and writes them."""
    from analysis.paper import as_text, paper_tables, write_paper

    tables = paper_tables(results)
    for table in tables:
        console.print(as_text(table.table), markup=False, highlight=False, soft_wrap=True)
    folder = next((one.path.parent for one in results if one.path), Path())
    if tables:
        say(f"wrote {', '.join(map(str, write_paper(tables, folder)))}")


def _show_registration(result: "Analysis") -> None:
    """Prints how a run stands to its pre-registration, and each thing that differs."""
    if result.registration is None:
        return
    colour = "green" if result.registration.followed else "yellow"
    console.print(f"[{colour}]{result.registration.sentence}[/]", soft_wrap=True)
    for line in result.registration.details():
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _read_analyses(path: Path) -> "Sequence[Plugin]":
    from aces.spec import load_analyses

    return load_analyses(path, registries())


def _compare(paths: list[Path], replicate: Path | None, results: "Sequence[Analysis]") -> None:
    """Prints whether versions or buyers differ and why, and adds it to `estimates.csv`."""
    from aces.rules import Gates
    from analysis.comparison.versions import compare_versions, load_versions
    from analysis.ladders import size_agreement

    terms = next((fit.result.terms for r in results for fit in r.main_fits()), ())
    choices, again = load_versions(paths, replicate)
    gates = next((r.study.spec.gates for r in results if r.study), Gates())
    agreement = size_agreement(choices, gates.position_lock)
    for line in agreement:
        say(f"\n{line}")
    if agreement:  # shelves of different sizes share no world
        return
    found = compare_versions(choices, terms, replicate=again, position_lock=gates.position_lock)
    _show_comparisons(found)
    _add_estimates(results, [row for parts in found for part in parts for row in part.estimates()])


def _show_comparisons(found: "Sequence[Sequence[Finding]]") -> None:
    """Prints the answer of each pair; tables too, where pairs are few."""
    for parts in found:
        answer, *notes = parts[0].notes
        console.print(f"\n[bold]{escape(answer)}[/]", soft_wrap=True)
        for note in notes:
            console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)
    for parts in found if len(found) <= MOST_PAIRS else ():
        say("")
        for part in parts:
            _show_table(part.table)
    if len(found) > MOST_PAIRS:
        say(f"\ntables of {len(found)} pairs are in estimates.csv alone")


def _add_estimates(results: "Sequence[Analysis]", rows: "Sequence[Estimate]") -> None:
    """Writes the comparison's rows below those of the last run's estimates."""
    from analysis.estimates import write_estimates

    path = next((one.path for one in reversed(results) if one.path), None)
    if path is None:
        return
    own = [row for one in results if one.path == path for row in one.estimates]
    write_estimates([*own, *rows], path)
    say(f"added {len(rows):,} rows of the comparison to {path}")


def report(
    paths: Paths,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File to write; else report.html in the first folder, or beside a table.",
        ),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Put first what changed between the paths, and why."),
    ] = False,
    replicate: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="With --compare: the old version once more, as yardstick."
        ),
    ] = None,
) -> None:
    """Write one file with the answer, its figures, gates and trials; it opens anywhere, offline."""
    from analysis.report import write_report

    several = compare or replicate is not None
    compared = _compared(paths, replicate) if several else ()
    folder, name = (
        (paths[0], paths[0].name) if paths[0].is_dir() else (paths[0].parent, paths[0].stem)
    )
    path = write_report(paths, out or folder / "report.html", compared)
    say(f"wrote {path}")
    next_step(f"aces export {paths[0]} --out {name}.parquet")


def _compared(paths: list[Path], replicate: Path | None) -> "Sequence[Finding]":
    """Returns what a comparison of runs, or of one run's buyers, finds for a report."""
    from analysis.comparison.versions import compare_paths

    return [part for parts in compare_paths(paths, replicate) for part in parts]


def export(
    folder: Annotated[
        Path, typer.Argument(metavar="PATH", help="Run folder, or results.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .parquet or .csv.")],
) -> None:
    """Write the long table: one row per alternative per trial, with a codebook beside it."""
    from analysis.frame import export as write
    from analysis.frame import load_choices

    choices = load_choices(folder)
    write(choices, out)
    for note in choices.attrs.get("notes", []):
        console.print(f"[yellow]note:[/] {note}", markup=True, soft_wrap=True)
    say(f"wrote {len(choices):,} rows to {out}, and its codebook")
    next_step(f"python -c \"import pandas; print(pandas.read_{out.suffix[1:]}('{out}').head())\"")
