"""`aces analyze FILE --formula ...`: a choice model on any long table, by columns of one's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.markup import escape

from aces.cli.console import console, next_step, say
from aces.errors import UserError

_PANEL = "Choice data of one's own: with --formula"


def _option(text: str, metavar: str = "COL", *names: str) -> Any:  # noqa: ANN401
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=_PANEL)


Formula = Annotated[str, _option("Fit any table: 'chosen ~ price + C(brand)'.", "F")]
Model = Annotated[
    str, _option("conditional_logit, mixed_logit, nested_logit, latent_class, exploded_logit.", "M")
]
ChoiceSet = Annotated[
    str, _option("Rows that were chosen between; COL,COL where one starts again; or trial_id.")
]
Effects = Annotated[str, _option("A coefficient for each of its values.")]
Cluster = Annotated[str, _option("What is independent of each other: errors are clustered.")]
Weights = Annotated[str, _option("Weight of the choice set, or of who chose.")]
Offset = Annotated[str, _option("A part of utility that is known.")]
By = Annotated[
    list[str], _option("Coefficients of their own for each of its values. Several times.")
]
Outside = Annotated[
    bool, typer.Option("--outside", help="Buying nothing is one more.", rich_help_panel=_PANEL)
]
CovType = Annotated[str, _option("jackknife, cluster, robust or nonrobust.", "TYPE")]
Constraints = Annotated[
    list[str], _option("'log_price = -1'. Several times.", "EQ", "--constraint")
]
Bootstrap = Annotated[
    bool,
    typer.Option("--bootstrap", help="Few clusters: score bootstrap.", rich_help_panel=_PANEL),
]
Settings = Annotated[
    list[str],
    _option("What else the model takes: random.price=normal, panel=id.", "KEY=VALUE", "--set"),
]

OPTIONS = ("effects", "cluster", "weights", "offset", "by", "outside", "cov_type", "constraints")
"""Options of the command line that are the model's, under the names that it has for them."""
_OURS = ("model", "choice_set", *OPTIONS, "bootstrap", "settings")
_OTHERS = ("analysis", "compare", "replicate", "what_if", "against")
"""Options that are of runs."""


def check_options(given: Mapping[str, Any]) -> None:
    """Makes sure that options go together.

    Args:
        given: All options of the command, by name.

    Raises:
        UserError: If one of `--formula` stands without it, or with one of runs.
    """
    asked = "formula" if given["formula"] else ""
    for name in _OTHERS if asked else _OURS:
        if given[name]:
            told = {"constraints": "constraint", "settings": "set"}.get(name, name)
            option = f"--{told.replace('_', '-')}"
            raise UserError(
                f"{option} is of runs and tables in the layout of one; it does not go with "
                "--formula"
                if asked
                else f"{option} goes with --formula 'chosen ~ price', which is not given"
            )


def fit(paths: Sequence[Path], given: Mapping[str, Any]) -> None:
    """Fits one model to the rows of any long table, prints it, and writes it where asked.

    Args:
        paths: Tables, taken together.
        given: All options of the command, by name.
    """
    from analysis.formula_models import BOOTSTRAP, PLAIN, fit_formula
    from analysis.frame import load_choices

    # with a choice set of its own the formula is about the columns of the file as they are
    choices = load_choices(paths, recognise=not given["choice_set"])
    options = {name: given[name] for name in (*OPTIONS, BOOTSTRAP) if given[name]}
    with console.status("estimating ..."):
        found = fit_formula(
            given["formula"],
            choices,
            given["choice_set"] or "trial_id",
            model=given["model"] or PLAIN,
            options=options | _settings(given["settings"]),
        )
    for note in found.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)
    text = _paper(found) if given["layout"] else found.summary
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    if given["out"]:
        say(f"wrote {', '.join(map(str, found.write(given['out'])))}")
    else:
        next_step("the same with --out DIR: estimates.csv, and a table as text, CSV and LaTeX")


def _paper(found: Any) -> str:  # noqa: ANN401
    from analysis.paper import as_text

    return as_text(found.paper.table)


def _settings(settings: Sequence[str]) -> dict[str, Any]:
    """Options of `KEY=VALUE`, values in YAML; `random.price=normal` is one of several of a key."""
    found: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise UserError(f"--set {setting}: expected KEY=VALUE, such as random.price=normal")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UserError(f"--set {key}: {text!r} is not valid YAML") from error
        name, dot, part = key.strip().partition(".")
        if dot:
            found.setdefault(name, {})[part] = value
        else:
            found[name] = value
    return found
