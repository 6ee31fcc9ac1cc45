"""Any choice model on any long table, by its name: what `aces analyze --formula` fits.

What a model takes are the keywords of its `from_formula` and `fit`, so that they are told in one
place and an option of Python is one of the command line.
"""

import inspect
import typing
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

import analysis
from aces.errors import EstimationError, UserError, nearest
from aces.types import Estimate
from analysis.choice_sample import require_column
from analysis.display import counted, number
from analysis.estimates import estimates_of, write_estimates
from analysis.fits import GROUP, Fit
from analysis.latent_class import joined
from analysis.paper import PaperTable, write_paper

PLAIN = "conditional_logit"
MODELS = {
    PLAIN: "ConditionalLogit",
    "exploded_logit": "ExplodedLogit",
    "latent_class": "LatentClassLogit",
    "mixed_logit": "MixedLogit",
    "nested_logit": "NestedLogit",
}
"""Name -> class of the package."""
BOOTSTRAP = "bootstrap"
"""Option of the conditional logit: intervals and p-values of its terms by score bootstrap."""
_GIVEN = ("formula", "data", "choice_set", "return")
_SET = "choice set"


@dataclass(frozen=True)
class FormulaFit:
    """A model fitted to a table.

    Attributes:
        model: Its name.
        formula: `chosen ~ price + rating`.
        result: The estimates.
        notes: What must be said beside them.
    """

    model: str
    formula: str
    result: Any
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What was estimated, from what, and the table of estimates as text."""
        return str(self.result.summary())

    @cached_property
    def estimates(self) -> list[Estimate]:
        """Rows of `estimates.csv`; of a conditional logit with marginal effects."""
        result = self.result
        whose = result.provenance.whose
        group = {name: whose[name][0] if len(whose.get(name, ())) == 1 else "" for name in GROUP}
        if self.model == PLAIN:
            return list(estimates_of(Fit(self.model, group, result, result.estimand)))
        return [
            Estimate(
                **group,
                analysis=self.model,
                estimand=result.estimand,
                estimator=self.model,
                **{name: None if pd.isna(value) else value for name, value in row.items()},
                n_trials=result.nobs,
                n_clusters=result.n_clusters,
            )
            for row in result.table().to_dict("records")
        ]

    @property
    def paper(self) -> PaperTable:
        """The estimates in the layout of a paper, groups side by side."""
        result, rows = self.result, {}
        groups = getattr(result, "groups", None)
        columns = groups.labels if groups else (self.model.replace("_", " "),)
        own = {row.term: row for row in self.estimates if row.estimator == self.model}
        for term in groups.terms if groups else result.table()["term"]:
            names = [f"{term}[{label}]" for label in columns] if groups else [term]
            rows[term] = tuple(own.get(name) for name in names)
        every = {
            "Choice sets": f"{result.nobs:,}",
            "Clusters": f"{result.n_clusters:,}" if result.n_clusters else "",
            "Log-likelihood": number(result.llf, 1),
            "McFadden's R2": number(result.prsquared, 3),
        }
        feet = {name: (text, *[""] * (len(columns) - 1)) for name, text in every.items() if text}
        return PaperTable(self.formula, tuple(columns), rows, feet, self._note)

    @property
    def _note(self) -> str:
        *_, errors = self.result.summary().partition("\nErrors: ")
        return (
            f"{self.model.replace('_', ' ').capitalize()}: {self.result.estimand}. "
            "Standard errors in parentheses. * p < .05, ** p < .01, *** p < .001. "
            f"Errors: {' '.join(errors.split())}"
        )

    def write(self, folder: str | Path) -> list[Path]:
        """Writes `estimates.csv` and `paper.txt`, `.csv` and `.tex`; returns their paths."""
        written = write_estimates(self.estimates, Path(folder) / "estimates.csv")
        return [written, *write_paper([self.paper], folder)]


def fit_formula(
    formula: str,
    data: pd.DataFrame,
    choice_set: str,
    *,
    model: str = PLAIN,
    options: Mapping[str, Any] | None = None,
) -> FormulaFit:
    """Fits a model to a long table.

    Args:
        formula: `chosen ~ price + rating`.
        data: One row per alternative per choice set.
        choice_set: Column of the choice set; several with commas, where one starts again for
            each value of another.
        model: Name of the model.
        options: Keywords of its `from_formula` and `fit`, and `bootstrap`.

    Raises:
        UserError: If there is no such model or option, or a value is of the wrong kind.
        EstimationError: If columns are at fault, or nothing can be estimated.
    """
    made, fitted = _split(model, options or {})
    bootstrap = fitted.pop(BOOTSTRAP, False)
    data, choice_set = _with_sets(data, choice_set)
    notes = _copies(data)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", UserWarning)
        try:
            found = _class(model).from_formula(formula, data, choice_set, **made).fit(**fitted)
        except EstimationError as error:
            raise EstimationError(f"{error}{_apart(data, choice_set, str(error))}") from error
        if bootstrap:
            found = found.bootstrapped()
    notes += dict.fromkeys(str(one.message) for one in raised)
    return FormulaFit(model, formula, found, tuple(notes))


def options_of(model: str) -> dict[str, Any]:
    """Returns the options of a model, and the type of each.

    Raises:
        UserError: If there is no such model.
    """
    kind = _class(model)
    found: dict[str, Any] = {}
    for function in (kind.from_formula, kind.fit):
        names = {**inspect.unwrap(function).__globals__, "pd": pd, "Restrictions": Any}
        hints = typing.get_type_hints(function, globalns=names)
        found |= {name: hint for name, hint in hints.items() if name not in _GIVEN}
    return found | ({BOOTSTRAP: bool} if model == PLAIN else {})


def _class(model: str) -> Any:  # noqa: ANN401
    if model not in MODELS:
        raise UserError(f"model '{model}' is unknown{nearest(model, MODELS)}")
    return getattr(analysis, MODELS[model])


def _split(model: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Validated options of `from_formula`, and those of `fit`."""
    known = options_of(model)
    valid = {name: _valid(model, name, value, known) for name, value in given.items()}
    asked = inspect.signature(_class(model).from_formula).parameters
    for name, parameter in asked.items():
        if name not in (*_GIVEN, *given) and parameter.default is parameter.empty:
            raise UserError(f"{model} needs '{name}': {_EXAMPLES.get(name, name)}")
    made = {name: value for name, value in valid.items() if name in asked}
    return made, {name: value for name, value in valid.items() if name not in asked}


_EXAMPLES = {
    "random": "--set random.price=normal, for each term that varies",
    "nests": "--set nests=COLUMN",
}


def _valid(model: str, name: str, value: object, known: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if name not in known:
        raise UserError(f"{model} takes no '{name}'{nearest(name, known)}")
    if known[name] == Sequence[str] and isinstance(value, str):
        value = [value]
    try:
        return TypeAdapter(known[name]).validate_python(value)
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"]
        raise UserError(f"{name} of {model}: {said}, found {value!r}") from error


def _with_sets(data: pd.DataFrame, choice_set: str) -> tuple[pd.DataFrame, str]:
    """The table with one column of choice sets, and its name."""
    columns = [name.strip() for name in choice_set.split(",")]
    if choice_set in data.columns or len(columns) == 1:
        return data, choice_set
    for name in columns:
        require_column(data, name)
        if data[name].isna().any():
            raise EstimationError(f"'{name}' is missing in {data[name].isna().sum()} rows.")
    return data.assign(**{_SET: joined(data, columns)}), _SET


def _apart(data: pd.DataFrame, choice_set: str, message: str) -> str:
    """What to say where sets seem to have several choices, since their numbers start again."""
    if "more than one chosen" not in message or choice_set not in data.columns:
        return ""
    sets = data[choice_set].reset_index(drop=True)
    begins = sets[sets != sets.shift()]
    again = begins[begins.duplicated()]
    if again.empty:
        return ""
    return (
        f" Rows of choice set {again.iloc[0]} do not stand together (one part begins in row "
        f"{again.index[0]}): if numbers start again for each person, name both columns, as "
        f"`--choice-set person,{choice_set}`; if rows are in the table twice, leave the copies out."
    )


def _copies(data: pd.DataFrame) -> list[str]:
    copies = int(data.duplicated().sum())
    if not copies:
        return []
    return [
        f"{counted(copies, 'row')} of the table are copies of others in every column: they are "
        "taken for alternatives of their own"
    ]
