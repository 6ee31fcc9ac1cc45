"""What commands have in common: the console, tables, and the registries."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aces.errors import SpecError

if TYPE_CHECKING:
    from aces.spec import ExperimentSpec, Registries

console = Console(highlight=False)


def say(text: str = "") -> None:
    """Prints a line."""
    console.print(text, soft_wrap=True)


def next_step(command: str) -> None:
    """Prints what to type next; every command ends with it."""
    console.print(f"\n[dim]next:[/] [bold]{command}[/]", soft_wrap=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Prints a table; columns of numbers are aligned to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    content = [[_cell(value) for value in row] for row in rows]
    for index, name in enumerate(columns):
        numeric = all(_is_number(row[index]) for row in content)
        table.add_column(name, justify="right" if content and numeric else "left")
    for row in content:
        table.add_row(*map(Text, row))  # no cell is markup, whatever a listing says
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _is_number(text: str) -> bool:
    return not text.strip("+-−0123456789.,%[]() ∞–")


@cache
def registries() -> "Registries":
    """Returns the plug-ins of every kind."""
    from agents.buyers import BUYERS
    from agents.interfaces import INTERFACES
    from analysis.estimators import ESTIMATORS
    from experiments.designs import DESIGNS
    from marketplace.rankers import RANKERS
    from marketplace.treatments import TREATMENTS

    return {
        "buyer": BUYERS,
        "treatment": TREATMENTS,
        "design": DESIGNS,
        "ranker": RANKERS,
        "interface": INTERFACES,
        "estimator": ESTIMATORS,
    }


def read_experiment(path: Path, settings: Sequence[str] = ()) -> "ExperimentSpec":
    """Returns the experiment of a YAML file with `--set` applied.

    Raises:
        SpecError: If it is wrong anywhere.
    """
    from aces.spec import load_spec

    overrides: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise SpecError(f"--set {setting}: expected key=value, such as worlds_per_task=50")
        overrides[key.strip()] = value
    return load_spec(path, registries(), overrides)
