"""Comparison of versions and of buyers: from a long table to findings, pair by pair."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from aces.errors import EstimationError
from aces.rules import Gates
from aces.seeds import Stream
from aces.stats.intervals import critical_value
from aces.stats.multiplicity import holm
from aces.store import RunStore
from analysis.checks.position import slots_taken
from analysis.comparison.answer import Answer
from analysis.comparison.arms import Arm, Pair, arms_of, human_line, pairs_of
from analysis.comparison.endings import differing_worlds, equal_outcomes, odd_one_out
from analysis.comparison.findings import Coefficients, Movers, Products, Ratios
from analysis.comparison.parts import Human
from analysis.comparison.shares import OUTCOME, share_changes
from analysis.comparison.tastes import Tastes, fit_tastes, shared, testable
from analysis.comparison.verdict import Versions
from analysis.fits import Finding, analyses_of, with_terms
from analysis.frame import load_choices
from analysis.published import with_published
from analysis.study import Study


def load_versions(
    paths: Sequence[str | Path], replicate: str | Path | None = None
) -> tuple[pd.DataFrame, str]:
    """Returns the long table of all runs, and the name that the replicate has in it.

    Runs whose folders have one name are told apart by their places in the command.

    Args:
        paths: Run folders or long tables.
        replicate: A further run of the first; its name is empty without one.
    """
    every = [*paths, *([replicate] if replicate is not None else [])]
    parts: list[pd.DataFrame] = []
    known: set[str] = set()
    for i, path in enumerate(every, start=1):
        part = with_published(load_choices(path))
        names = part["run"].astype(str)
        clash = bool(known & set(names))
        part = part.assign(run=f"{i}/" + names if clash else names)
        known |= set(part["run"])
        parts.append(part.assign(trial_id=f"{i}/" + part["trial_id"].astype(str)))
    name = str(parts[-1]["run"].iloc[0]) if replicate is not None else ""
    return pd.concat(parts, ignore_index=True), name


def compare_paths(
    paths: Sequence[str | Path], replicate: str | Path | None = None
) -> list[list[Finding]]:
    """Compares run folders or tables by the default terms of their first analysis."""
    table, again = load_versions(paths, replicate)
    first = Path(paths[0])
    if not first.is_dir():
        terms, lock = _asked(table, None)
    else:
        with RunStore.open(first) as store:
            terms, lock = _asked(table, Study.of(store))
    return compare_versions(table, terms, replicate=again, position_lock=lock)


def _asked(table: pd.DataFrame, study: Study | None) -> tuple[Sequence[str], float | None]:
    """The terms of the first analysis that has some, and the share at which buyers are locked."""
    asked = [with_terms(each, table, study) for each in analyses_of(table, study)]
    terms = [each.parameters["terms"] for each in asked if each.parameters.get("terms")]
    return next(iter(terms), ()), (study.spec.gates if study else Gates()).position_lock


def compare_versions(
    table: pd.DataFrame,
    terms: Sequence[str],
    *,
    replicate: str = "",
    position_lock: float | None = None,
) -> list[list[Finding]]:
    """Compares versions across runs, or the buyers of one; the findings of each pair.

    Args:
        table: The long table of all runs.
        terms: Terms whose coefficients are compared, beside product effects of each version's own.
        replicate: Name of the run in which the first's buyers are met again.
        position_lock: Share of purchases above which an arm is locked to a slot, so that its
            coefficients are withheld; None for none.

    Raises:
        UserError: If there is nobody to compare.
        EstimationError: If no pair has outcomes to compare.
    """
    found = compare_pairs(table, terms, replicate=replicate, position_lock=position_lock)
    line = human_line(arms_of(table, replicate))
    return [_findings(one, _human(one, line, terms)) for one in found]


def compare_pairs(
    table: pd.DataFrame,
    terms: Sequence[str],
    *,
    replicate: str = "",
    position_lock: float | None = None,
) -> list[Versions]:
    """Returns what is found of each pair; arguments as of `compare_versions`.

    A pair without outcomes to compare is named with the first of the others.

    Raises:
        EstimationError: If that is so of all pairs.
    """
    found, failed = [], []
    for pair in pairs_of(arms_of(table, replicate)):
        try:
            found.append(_versions(pair, terms, position_lock))
        except EstimationError as error:
            failed.append(f"{' and '.join(pair.names)} can't be compared: {error}")
    if not found:
        raise EstimationError("; ".join(failed))
    found[0] = replace(found[0], notes=(*found[0].notes, *failed))
    adjusted = holm([one.p_value for one in found]).tolist()
    return [replace(one, adjusted=p) for one, p in zip(found, adjusted, strict=True)]


def _findings(found: Versions, human: Human | None) -> list[Finding]:
    parts: list[Finding] = [Answer(found, human), Products(found, human)]
    if found.tastes is not None:
        parts.append(Coefficients(found, human))
        parts += [Ratios(found, human)] if found.ratios else []
        parts += [Movers(found, human)] if found.movers else []
    return parts


def _versions(pair: Pair, terms: Sequence[str], lock: float | None) -> Versions:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        notes = [*pair.notes, *_locked(pair, lock)]
        fits = None
        try:
            fits = _fits(pair, terms) if len(notes) == len(pair.notes) else None
        except EstimationError as error:
            notes.append(f"no coefficients: {error}")
    notes += dict.fromkeys(str(one.message) for one in caught)
    whole = None if fits is None else shared(*fits, terms, fewest=1)
    tastes = None if fits is None else testable(shared(*fits, terms))
    if tastes is not None and not tastes.contrasts:
        notes.append("product effects are in no joint test: too few worlds or purchases of each")
    stream = Stream("comparison", " → ".join(pair.names))
    return Versions(
        pair=pair,
        shares=share_changes(pair.runs, pair.new.rows, stream, paired=pair.paired),
        odd=odd_one_out(pair.runs, pair.new.rows) if pair.paired else None,
        tastes=tastes,
        whole=whole,
        fits=fits,
        equal=equal_outcomes(pair.old.rows, pair.new.rows) if pair.paired else (0, 0),
        notes=tuple(notes),
        differing=differing_worlds(pair.runs, pair.new.rows) if pair.paired else None,
    )


def _locked(pair: Pair, lock: float | None) -> list[str]:
    named = zip(pair.names, (pair.old, pair.new), strict=True)
    return [
        f"{name} is {one.why}: coefficients are withheld"
        for name, arm in named
        for one in slots_taken(arm.rows, lock)
        if one.locked
    ]


def _fits(pair: Pair, terms: Sequence[str]) -> tuple[list[Tastes], Tastes]:
    if not terms:
        raise EstimationError("no analysis has estimates, so that there are no terms to compare")
    old = [fit_tastes(rows, terms, cluster=pair.old.cluster) for rows in pair.runs]
    return old, fit_tastes(pair.new.rows, terms, cluster=pair.new.cluster)


def _human(found: Versions, line: Arm | None, terms: Sequence[str]) -> Human | None:
    """People beside a pair that they are not part of."""
    if line is None or line.keys in (found.pair.old.keys, found.pair.new.keys):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said where they are analysed
        try:
            fit = fit_tastes(line.rows, terms, cluster=line.cluster) if terms else None
        except EstimationError:
            fit = None
    versions = zip(found.pair.names, (found.pair.old, found.pair.new), strict=True)
    return Human(
        name=line.keys["buyer"],
        terms={} if fit is None else _intervals(fit, terms),
        shares=_shares(line.rows),
        agreement={name: equal_outcomes(arm.rows, line.rows) for name, arm in versions},
    )


def _intervals(fit: Tastes, terms: Sequence[str]) -> dict[str, tuple[float, float, float]]:
    n = len(fit.clusters)
    error = (n / (n - 1) * (fit.influence**2).sum(axis=0)) ** 0.5
    half = critical_value(0.95, n - 1.0) * error
    return {
        term: (float(b), float(b - h), float(b + h))
        for term, b, h in zip(terms, fit.params, half, strict=False)
    }


def _shares(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """(task, product) -> share of the trials with an outcome whose shelf held it."""
    known = rows[rows["status"].isin(OUTCOME)]
    means = known.groupby(["task_id", "product_id"])["chosen"].mean()
    keys = means.index.to_frame()
    pairs = zip(keys["task_id"].astype(str), keys["product_id"].astype(str), strict=True)
    return dict(zip(pairs, map(float, means), strict=True))
