"""Declared alternatives of one analysis: which rows, which model; every combination is a universe.

A dimension is a column of the table, whose options select trials, or one of six choices of the
analyst (`CHOICES`). All universes estimate one thing, on one scale.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from aces.design import Arms, Versions
from aces.errors import EstimationError, nearest
from aces.spec import Exclude
from analysis.exclusions import without_excluded
from analysis.study import Study

Scale = Literal["log_odds", "probability"]
Estimator = Literal["conditional_logit", "linear_probability", "shares"]

MODELS: tuple[Estimator, ...] = ("conditional_logit", "linear_probability", "shares")
CHOICES: Mapping[str, Any] = {
    "estimator": "conditional_logit",
    "effects": "product_id",
    "cluster": "world_id",
    "controls": "all",
    "exclude": "none",
    "outside": False,
}
"""Choices of the analyst, and what is done where they are no dimension."""
EACH, ALL, NONE = "each", "all", "none"
NOT_APPLICABLE = "–"
MOST_UNIVERSES = 1000
_RULES = ("position_lock", "failed")
"""Exclusions of whole arms, as in an experiment's `exclude:`."""


@dataclass(frozen=True)
class Universe:
    """One combination of choices.

    Attributes:
        choices: Dimension -> what was chosen, in words.
        rows: (rows,) which rows of the table it is about.
        estimator: The model.
        effects: Column with an effect for each level; None for none.
        cluster: Column of the clusters; None for the choice set.
        controls: Terms beside the one in question.
        outside: Whether buying nothing is an alternative.
    """

    choices: Mapping[str, str]
    rows: NDArray[np.bool_]
    estimator: Estimator
    effects: str | None
    cluster: str | None
    controls: tuple[str, ...]
    outside: bool

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two universes the same."""
        model = (self.estimator, self.effects, self.cluster, self.controls, self.outside)
        return (np.packbits(self.rows).tobytes(), *model)


@dataclass(frozen=True)
class Option:
    """One option of a dimension: its name, and what it stands for."""

    name: str
    value: Any


def universes(
    table: pd.DataFrame,
    over: Mapping[str, Sequence[Any] | str],
    terms: Sequence[str],
    always: Sequence[str],
    studies: Sequence[Study],
) -> tuple[list[Universe], list[str]]:
    """Returns every combination of the options, and what must be said of them.

    Args:
        table: The long table.
        over: Dimension -> options.
        terms: All controls.
        always: Those that stay in every model.
        studies: The runs, which know names of versions and what pictures are like.

    Raises:
        EstimationError: If a dimension is none, or there are too many universes.
    """
    selectors = {n: _selector(table, n, studies) for n in over if n not in CHOICES}
    dimensions = {name: _options(name, given, selectors.get(name)) for name, given in over.items()}
    number = math.prod(len(options) for options in dimensions.values())
    if number > MOST_UNIVERSES:
        raise EstimationError(f"{number:,} universes are more than {MOST_UNIVERSES:,}")
    found: dict[tuple[Any, ...], Universe] = {}
    for chosen in itertools.product(*dimensions.values()):
        picked = dict(zip(dimensions, chosen, strict=True))
        universe = _universe(table, picked, selectors, (terms, always))
        found.setdefault(universe.key, universe)
    said = []
    if len(found) < number:
        said.append(f"{number - len(found)} of {number} combinations are others over again")
    return list(found.values()), said


def _universe(
    table: pd.DataFrame,
    picked: Mapping[str, Option],
    selectors: Mapping[str, "pd.Series[Any]"],
    controls: tuple[Sequence[str], Sequence[str]],
) -> Universe:
    rows = np.ones(len(table), dtype=bool)
    for name, column in selectors.items():
        wanted = picked[name].value
        if wanted != ALL:
            rows &= column.isin(wanted).to_numpy()
    chosen = {**CHOICES, **{n: o.value for n, o in picked.items() if n in CHOICES}}
    rows &= _not_excluded(table, chosen["exclude"], rows)
    own = {name: option.name for name, option in picked.items()}
    simple = chosen["estimator"] == "shares"
    if simple:
        own |= {n: NOT_APPLICABLE for n in ("effects", "controls") if n in own}
    return Universe(
        choices=own,
        rows=rows,
        estimator=chosen["estimator"],
        effects=None if simple or chosen["effects"] in (None, NONE) else chosen["effects"],
        cluster=None if chosen["cluster"] in (None, NONE) else chosen["cluster"],
        controls=_controls(ALL if simple else chosen["controls"], *controls, none=simple),
        outside=bool(chosen["outside"]),
    )


def _controls(
    chosen: Any,  # noqa: ANN401
    terms: Sequence[str],
    always: Sequence[str],
    *,
    none: bool,
) -> tuple[str, ...]:
    """The terms of a model; those that say what the term is against are in all of them."""
    if chosen in (None, NONE) or none:
        return tuple(always)
    wanted = terms if chosen == ALL else chosen
    return tuple(dict.fromkeys([*always, *wanted]))


def _selector(table: pd.DataFrame, name: str, studies: Sequence[Study]) -> "pd.Series[Any]":
    """A column whose values select trials.

    Raises:
        EstimationError: If there is none of that name, or it differs within a trial.
    """
    declared = studies[0].declarations.get(name) if studies else None
    if isinstance(declared, Versions):
        column = _named(table, declared.columns(), [v.name for v in declared.versions])
    elif isinstance(declared, Arms) and declared.unit == "world":
        column = _named(table, declared.columns(), [arm.name for arm in declared.arms], world=True)
    elif name == "picture" and studies:
        column = _pictures(table, studies)
    elif name in table:
        column = table[name]
    else:
        known = [*CHOICES, "picture", *map(str, table.columns)]
        raise EstimationError(f"`over:` has no dimension '{name}'{nearest(name, known)}")
    first = column.groupby(table["trial_id"].to_numpy(), sort=False).transform("first")
    if not ((column == first) | (column.isna() & first.isna())).all():
        raise EstimationError(
            f"`{name}` differs between the listings of a trial, so that it can't select trials"
        )
    return column.rename(name)


def _pictures(table: pd.DataFrame, studies: Sequence[Study]) -> "pd.Series[Any]":
    """What decides the resolution of each row's pictures, in words."""
    runs = {study.name: study for study in studies}
    whose = table[["run", "buyer", "interface"]].apply(tuple, axis=1)
    shown = {
        (run, buyer, face): runs[run].picture(buyer, face) or "no picture"
        for run, buyer, face in whose.unique()
    }
    return whose.map(shown)


def _named(
    table: pd.DataFrame, columns: Sequence[str], names: Sequence[str], *, world: bool = False
) -> "pd.Series[Any]":
    """The name of each row's version; of its world's where only some listings have versions."""
    told = pd.Series(names[0], index=table.index, dtype=object)
    for column, version in zip(columns, names[1:], strict=True):
        on = table[column]
        if world:
            on = on.groupby(table["trial_id"].to_numpy(), sort=False).transform("max")
        told[on == 1] = version
    return told


def _options(
    name: str, given: Sequence[Any] | str, column: "pd.Series[Any] | None"
) -> list[Option]:
    options = [given] if isinstance(given, str) else list(given)
    found = [
        each
        for option in options
        for each in (_analytic(name, option) if column is None else _selecting(option, column))
    ]
    names = [option.name for option in found]
    if len(set(names)) < len(names):
        raise EstimationError(f"`over: {name}` names an option twice: {', '.join(names)}")
    return found


def _selecting(option: Any, column: "pd.Series[Any]") -> Iterator[Option]:  # noqa: ANN401
    """Selections by the values of a column: all rows, each value, one, or some together."""
    if option == ALL:
        yield Option(ALL, ALL)
    elif option == EACH:
        for value in column.dropna().unique():
            yield Option(str(value), [value])
    else:
        values = list(option) if isinstance(option, list | tuple) else [option]
        known = column.dropna().unique()
        for value in values:
            if value not in known:
                raise EstimationError(
                    f"`over: {column.name}` has no {value!r}{nearest(str(value), map(str, known))}"
                )
        yield Option(_told(values), values)


def _analytic(name: str, option: Any) -> Iterator[Option]:  # noqa: ANN401
    if name == "exclude" and isinstance(option, Mapping):
        yield Option(", ".join(f"{k} {_told(v)}" for k, v in option.items()), option)
    elif name == "controls" and isinstance(option, list | tuple):
        yield Option(" + ".join(map(str, option)), tuple(map(str, option)))
    elif name == "outside":
        yield Option("buying nothing included" if option else "given a purchase", bool(option))
    else:
        yield Option(NONE if option is None else str(option), option)


def _told(value: Any) -> str:  # noqa: ANN401
    return " + ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _not_excluded(table: pd.DataFrame, rule: Any, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:  # noqa: ANN401
    """(rows,) what an exclusion leaves: rules hold of whole arms, columns of single trials."""
    if not isinstance(rule, Mapping):
        return rows
    kept = rows.copy()
    for name, value in rule.items():
        if name in _RULES:
            continue
        wanted = list(value) if isinstance(value, list | tuple) else [value]
        kept &= ~_selector(table, str(name), ()).isin(wanted).to_numpy()
    own = {name: value for name, value in rule.items() if name in _RULES}
    if own and kept.any():
        try:
            left, _ = without_excluded(table[kept], Exclude.model_validate(own))
        except ValidationError as error:
            raise EstimationError(f"`exclude: {own}`: {error.errors()[0]['msg']}") from None
        kept &= np.isin(np.arange(len(table)), table.index.get_indexer(left.index))
    return kept
