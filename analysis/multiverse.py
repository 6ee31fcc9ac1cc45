"""A multiverse: one question through all declared alternatives, and what to make of the whole.

The specification curve (Simonsohn, Simmons and Nelson 2020) shows every estimate with the choices
behind it; the joint test says whether so much would be seen without any effect; the decomposition
says how much each choice moves the estimate.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.types import Estimate
from analysis.display import (
    Curve,
    Plot,
    Point,
    Table,
    counted,
    interval,
    listed,
    number,
    p_value,
    percent,
)
from analysis.joint_test import MEDIAN, SHARE, STOUFFER, JointTest, Redrawn, joint_test
from analysis.null_draws import DrawsOfRuns, draws_of_runs, siblings
from analysis.study import Study
from analysis.universe_fits import Estimated, Features, Sample, Stepper, fit
from analysis.universes import CHOICES, Scale, Universe, universes

ALPHA = 0.05
MOST_SHOWN = 40
"""Universes in the table for people; all stand in `estimates.csv`."""
WORDS: Mapping[Scale, str] = {
    "log_odds": "log-odds of being bought",
    "probability": "change of a listing's own probability of being bought",
}


@dataclass(frozen=True)
class Tried:
    """A universe with its estimate, or why it has none."""

    universe: Universe
    found: Estimated | None
    why: str = ""


@dataclass(frozen=True)
class Part:
    """One table of what was found, with its plots and rows of `estimates.csv`."""

    table: Table
    plots: list[Plot] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: tuple[Estimate, ...] = ()

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return list(self.rows)


@dataclass(frozen=True)
class Multiverse:
    """All universes of one question.

    Attributes:
        name: Of the analysis.
        term: What is asked about.
        scale: Of all estimates.
        whose: Buyer, where it is of one.
        tried: Every universe.
        test: The joint test; None where there is none.
        notes: What must be said.
    """

    name: str
    term: str
    scale: Scale
    whose: str
    tried: tuple[Tried, ...]
    test: JointTest | None
    notes: tuple[str, ...]

    @property
    def estimated(self) -> list[tuple[Universe, Estimated]]:
        """Universes with an estimate, the lowest first."""
        found = [(one.universe, one.found) for one in self.tried if one.found is not None]
        return sorted(found, key=lambda pair: pair[1].estimate)

    def parts(self) -> list[Part]:
        """Returns curve, summary and decomposition, ready to show."""
        return [
            Part(curve_table(self), [plot_of(self)], list(self.notes), tuple(_rows(self))),
            *([Part(without_table(self))] if len(self.estimated) < len(self.tried) else []),
            Part(summary_table(self), rows=tuple(_joint_rows(self))),
            Part(decomposition_table(self)),
        ]


def multiverse(
    table: pd.DataFrame,
    term: str,
    over: Mapping[str, Sequence[Any] | str],
    *,
    name: str = "multiverse",
    terms: Sequence[str] = (),
    scale: Scale = "log_odds",
    redraws: int = 1000,
    study: Study | None = None,
    beside: Sequence[Study] = (),
    whose: str = "",
) -> Multiverse:
    """Returns what all universes find, and the joint test.

    Args:
        table: The long table.
        term: What is asked about: a column, or a formula term of columns.
        over: Dimension -> options, see `analysis.universes`.
        name: Of the analysis.
        terms: Controls of the universes that have all of them.
        scale: Of all estimates.
        redraws: Draws of the joint test; 0 for none.
        study: The run, whose design draws worlds again.
        beside: Further runs of the table, told apart by its column `run`.
        whose: Buyer, where the table is of one.

    Raises:
        EstimationError: If the question can't be asked of this table.
    """
    table, studies = table.reset_index(drop=True), [study, *beside] if study else []
    always, named = _controls(table, term, over, terms, study)
    features = Features.of(table, term, named)
    all_of_them, notes = universes(table, over, [t for t in terms if t != term], always, studies)
    samples = [_sample(universe, features) for universe in all_of_them]
    tried = tuple(_try(u, s, scale) for u, s in zip(all_of_them, samples, strict=True))
    notes += _idle(all_of_them, samples)
    if all(one.found is None for one in tried):
        raise EstimationError(f"no universe has an estimate: {tried[0].why}")
    test = None
    if redraws:
        try:
            test = _test(
                [s for s in samples if isinstance(s, Sample)], over, scale, studies, redraws
            )
        except EstimationError as error:
            notes.append(f"no joint test: {error}")
    said = tuple(f"{name}{f', {whose}' if whose else ''}: {note}" for note in notes)
    return Multiverse(name, term, scale, whose, tried, test, said)


def _controls(
    table: pd.DataFrame,
    term: str,
    over: Mapping[str, Sequence[Any] | str],
    terms: Sequence[str],
    study: Study | None,
) -> tuple[list[str], list[str]]:
    """Controls of every model, and all that any has."""
    others = [each for each in terms if each != term]
    given = [o for o in over.get("controls", ()) if isinstance(o, list | tuple)]
    named = list(dict.fromkeys([*others, *(str(each) for option in given for each in option)]))
    if study is not None:
        own = siblings(study, term, [*named, *study.default_terms])
    else:
        own = list(Features.of(table, term, named).rivals)
    return list(dict.fromkeys(own)), [*named, *own]


def _sample(universe: Universe, features: Features) -> Sample | str:
    """The universe's rows; why it has none."""
    try:
        return Sample.of(universe, features)
    except EstimationError as error:
        return str(error)


def _idle(tried: Sequence[Universe], samples: Sequence[Sample | str]) -> list[str]:
    """Says which controls differ within no shelf of some universes, and are left out of these."""
    lost: dict[str, int] = {}
    for universe, sample in zip(tried, samples, strict=True):
        if isinstance(sample, Sample):
            for name in set(universe.controls) - set(sample.universe.controls):
                lost[name] = lost.get(name, 0) + 1
    alike = {n: [name for name in lost if lost[name] == n] for n in sorted(set(lost.values()))}
    return [
        f"no shelf holds two values of {listed(sorted(names))} in {counted(n, 'universe')}: no "
        "control there"
        for n, names in alike.items()
    ]


def _try(universe: Universe, sample: Sample | str, scale: Scale) -> Tried:
    if isinstance(sample, str):
        return Tried(universe, None, sample)
    try:
        return Tried(universe, fit(sample, scale))
    except EstimationError as error:
        return Tried(universe, None, str(error))


def _test(
    samples: Sequence[Sample],
    over: Mapping[str, Sequence[Any] | str],
    scale: Scale,
    studies: Sequence[Study],
    redraws: int,
) -> JointTest:
    """The joint test of all universes whose model without the term can be fitted."""
    if not studies:
        raise EstimationError("worlds can be drawn again from a run folder only")
    features = samples[0].features
    worlds = list(dict.fromkeys(map(str, features.table["world_id"])))
    null = draws_of_runs(studies, worlds, features.term)
    _check_selection(over, null)
    steppers = []
    for sample in samples:
        try:
            steppers.append(Stepper.of(sample, null.moves, scale))
        except EstimationError:  # its full model failed as well, and the table says why
            continue
    if not steppers:
        raise EstimationError("no universe can be estimated without the term")
    return joint_test(steppers, Redrawn.of(null, features), redraws, alpha=ALPHA)


def _check_selection(over: Mapping[str, Sequence[Any] | str], null: DrawsOfRuns) -> None:
    """Raises EstimationError if trials are selected by what is drawn again."""
    rules = [o for o in over.get("exclude", ()) if isinstance(o, Mapping)]
    used = {n for n in over if n not in CHOICES} | {str(n) for rule in rules for n in rule}
    bad = used & {*null.levels, *null.draws_terms}
    if "position" in null.levels and "position_lock" in used:
        bad.add("position_lock")
    if bad:
        raise EstimationError(
            f"{listed(sorted(bad))} selects trials by what would be drawn again, so that each draw "
            "would select others"
        )


def decomposition(found: Multiverse) -> list[tuple[str, Mapping[str, float], float]]:
    """Returns each dimension with the mean estimate of its options, and its share of the variance.

    A share is what the dimension alone adds to a linear model of the estimates with all dimensions.
    """
    pairs = found.estimated
    y = np.array([estimate.estimate for _, estimate in pairs])
    dimensions = list(pairs[0][0].choices)
    codes = {d: pd.factorize(np.array([u.choices[d] for u, _ in pairs])) for d in dimensions}
    full = _explained(y, [codes[d][0] for d in dimensions])
    return [
        (
            d,
            {str(n): float(y[codes[d][0] == i].mean()) for i, n in enumerate(codes[d][1])},
            max(0.0, full - _explained(y, [codes[e][0] for e in dimensions if e != d])),
        )
        for d in dimensions
    ]


def _explained(y: Floats, factors: Sequence[Any]) -> float:
    """Share of the variance that main effects explain."""
    total = float(((y - y.mean()) ** 2).sum())
    if total <= 1e-24:
        return 0.0
    X = np.column_stack([np.ones(len(y)), *(np.eye(int(f.max()) + 1)[f] for f in factors)])
    left = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return 1 - float((left**2).sum()) / total


def curve_table(found: Multiverse) -> Table:
    """Returns the curve as text: each universe, the lowest estimate first."""
    pairs = found.estimated
    dimensions = list(found.tried[0].universe.choices)
    lines = [
        (str(i), *(u.choices[d] for d in dimensions), *_numbers(e, found.scale))
        for i, (u, e) in enumerate(pairs, start=1)
    ]
    if len(lines) > MOST_SHOWN:
        half = MOST_SHOWN // 2
        gap = ("…", *("" for _ in lines[0][1:]))
        lines = [*lines[:half], gap, *lines[-half:]]
    heads = ("", *dimensions, "estimate", "95 % interval", "p")
    note = f"`{found.term}`: {WORDS[found.scale]}; each interval is of its own universe."
    return Table(f"{_title(found)} · specification curve", heads, tuple(lines), note)


def without_table(found: Multiverse) -> Table:
    """Returns the universes that have no estimate, each with why."""
    failed = [one for one in found.tried if one.found is None]
    lines = tuple((*one.universe.choices.values(), one.why) for one in failed)
    heads = (*found.tried[0].universe.choices, "why")
    return Table(f"{_title(found)} · universes without an estimate", heads, lines)


def _numbers(e: Estimated, scale: Scale) -> tuple[str, str, str]:
    digits = 4 if scale == "probability" else 3
    return number(e.estimate, digits), interval(e.low, e.high, digits), p_value(e.p_value)


def _title(found: Multiverse) -> str:
    return " · ".join(filter(None, (found.name, found.term, found.whose)))


def summary(found: Multiverse) -> dict[str, float]:
    """Returns median, range and the shares of universes that are significant each way."""
    values = np.array([e.estimate for _, e in found.estimated])
    sure = np.array([e.p_value < ALPHA for _, e in found.estimated])
    return {
        "median": float(np.median(values)),
        "lowest": float(values.min()),
        "highest": float(values.max()),
        "above": float((sure & (values > 0)).mean()),
        "below": float((sure & (values < 0)).mean()),
    }


def summary_table(found: Multiverse) -> Table:
    """Returns the curve in numbers, and the joint test."""
    digits = 4 if found.scale == "probability" else 3
    told = summary(found)
    lines = [
        ("universes", f"{len(found.estimated)} of {len(found.tried)}", "", ""),
        ("range", interval(told["lowest"], told["highest"], digits), "", ""),
        (MEDIAN, number(told["median"], digits), *_joint(found, MEDIAN, digits)),
        ("significantly above 0", percent(told["above"], 0), "", ""),
        ("significantly below 0", percent(told["below"], 0), "", ""),
    ]
    if found.test:
        lines += [
            (
                f"{one.name}, by one step",
                _value(one.name, one.observed),
                *_joint(found, one.name, 3),
            )
            for one in found.test.statistics
            if one.name != MEDIAN
        ]
    heads = ("", "value", "range of 95 % of draws", "p")
    return Table(f"{_title(found)} · the whole curve", heads, tuple(lines), _tested(found))


def _joint(found: Multiverse, name: str, digits: int = 3) -> tuple[str, str]:
    if found.test is None:
        return "", ""
    one = next(each for each in found.test.statistics if each.name == name)
    if name == SHARE:
        return f"{_value(name, one.low)} to {_value(name, one.high)}", p_value(one.p_value)
    return interval(one.low, one.high, digits), p_value(one.p_value)


def _value(name: str, value: float) -> str:
    """A statistic in words; a share is of those above where it is positive, else of those below."""
    if name != SHARE:
        return number(value, 3)
    return f"{percent(abs(value), 0)} {'above' if value >= 0 else 'below'}"


def _tested(found: Multiverse) -> str:
    if found.test is None:
        return "No joint test: universes share trials, so that their p-values say little together."
    test = found.test
    supposed = test.hypothesis.replace(" changes ", " changed ", 1)
    return (
        f"Joint test: if {supposed}, all choices would have been the same under any draw of it. "
        f"Worlds were drawn again {counted(test.redraws, 'time')} by the stored design and "
        f"{counted(test.universes, 'universe')} computed from each, by one step from the model "
        "without the term. Universes share worlds, and so do their draws. The smallest p is what "
        "picking the best universe would claim; beside it, what that is worth."
    )


def decomposition_table(found: Multiverse) -> Table:
    """Returns how much each choice moves the estimate."""
    digits = 4 if found.scale == "probability" else 3
    parts = decomposition(found)
    lines = [
        (
            name,
            percent(share, 0),
            number(max(means.values()) - min(means.values()), digits),
            ", ".join(f"{option} {number(mean, digits)}" for option, mean in means.items()),
        )
        for name, means, share in parts
    ]
    rest = 1 - sum(share for *_, share in parts)
    if np.ptp([e.estimate for _, e in found.estimated]) > 1e-12:
        lines.append(("together with others", percent(max(rest, 0.0), 0), "", ""))
    heads = ("choice", "share of variance", "range of means", "mean estimate by option")
    note = (
        "Share of the variance of the estimates that a choice adds to all others. Choices of other "
        "trials move estimates by sampling noise too."
    )
    return Table(f"{_title(found)} · which choice moves it", heads, tuple(lines), note)


def plot_of(found: Multiverse) -> Curve:
    """Returns the specification curve as data."""
    pairs = found.estimated
    points = [Point(i, e.estimate, e.low, e.high) for i, (_, e) in enumerate(pairs, start=1)]
    return Curve(
        title=f"Specification curve of {found.term}{f', {found.whose}' if found.whose else ''}",
        value={"log_odds": "log-odds", "probability": "change of probability"}[found.scale],
        series={"universes": points},
        reference=0.0,
        choices=tuple(u.choices for u, _ in pairs),
    )


def _rows(found: Multiverse) -> Iterator[Estimate]:
    """A row of `estimates.csv` for each universe, those without an estimate too."""
    for one in found.tried:
        u, e = one.universe, one.found
        told = "; ".join(f"{name} {option}" for name, option in u.choices.items())
        yield Estimate(
            analysis=found.name,
            estimand=f"{WORDS[found.scale]}; {told}{f'; no estimate: {one.why}' if not e else ''}",
            buyer=u.choices.get("buyer", found.whose),
            interface=u.choices.get("interface", ""),
            persona=u.choices.get("persona", ""),
            estimator=f"multiverse_{u.estimator}",
            term=found.term,
            estimate=e.estimate if e else None,
            std_error=e.std_error if e else None,
            ci_low=e.low if e else None,
            ci_high=e.high if e else None,
            p_value=e.p_value if e else None,
            n_trials=e.n_trials if e else 0,
            n_clusters=e.n_clusters if e else None,
        )


def _joint_rows(found: Multiverse) -> Iterator[Estimate]:
    told = summary(found)
    values = {
        "median": (told["median"], MEDIAN),
        "share_above": (told["above"], SHARE if told["above"] >= told["below"] else ""),
        "share_below": (told["below"], SHARE if told["above"] < told["below"] else ""),
    }
    if found.test:
        z = next(s for s in found.test.statistics if s.name == STOUFFER)
        values["aggregated_z"] = (z.observed, STOUFFER)
    for name, (value, statistic) in values.items():
        yield Estimate(
            analysis=found.name,
            estimand=f"{name} over {counted(len(found.estimated), 'universe')}",
            buyer=found.whose,
            interface="",
            estimator=f"multiverse_{name}",
            term=found.term,
            estimate=value,
            p_value=found.test.p_value(statistic) if found.test and statistic else None,
        )
