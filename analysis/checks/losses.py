"""How trials ended, held against what was assigned to them.

What else could have been drawn is drawn again by the stored design, never permuted: tags exclude
one another and prices depend on the product, so labels are not exchangeable.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.seeds import Stream
from aces.stats.multiplicity import holm
from aces.stats.proportions import equal_shares
from analysis.checks.check import MISSING, Check, arms
from analysis.display import Table, counted, listed, p_equals, p_value, percent
from analysis.redraw import Redraw
from analysis.study import Study

Floats = NDArray[np.float64]

ALPHA = 0.05
RATIO_ALPHA = 0.001
REPLICATES = 999
FEWEST = 5
"""Trials that ended so, and that did not, below which nothing is tested."""


def missing_data(table: pd.DataFrame, trials: pd.DataFrame, redraw: Redraw | None) -> Check:
    """Whether trials without an outcome are unrelated to what was assigned to their worlds.

    Reference for the test: Rosenbaum (2002), Observational Studies, 2.4: the sharp hypothesis that
    the assignment does not change which trials are lost, by its own randomisation.
    """
    name = "Missing data"
    missing = trials["status"].isin(MISSING)
    if not missing.any():
        return Check(name, True, "No trial is missing: none failed and none was truncated.")
    bounds = row_bounds(table, trials)
    if redraw is None:
        verdict = f"{counted(int(missing.sum()), 'trial')} missing; see the bounds."
        return Check(name, None, f"{verdict} Without the run's design no test.", table=bounds)
    tests = {
        arm: test
        for arm, group in arms(trials)
        if (test := _by_design(group, group["status"].isin(MISSING), redraw)) is not None
    }
    if not tests:
        return Check(name, None, "Too few trials are missing to test anything.", table=bounds)
    worst = min(tests, key=lambda arm: tests[arm][0])
    p = min(1.0, tests[worst][0] * len(tests))
    passed = p >= ALPHA
    share = percent(float(missing.mean()))
    if passed:
        verdict = f"{share} of trials are missing, without relation to what was assigned"
    else:
        verdict = (
            f"{share} of trials are missing, and it depends on what was assigned ({worst}, most "
            f"of all {tests[worst][1]}): estimates may be biased; trust the bounds"
        )
    return Check(name, passed, f"{verdict} ({p_equals(p)}).", p, bounds)


def status_by_assignment(trials: pd.DataFrame, redraw: Redraw | None) -> Check:
    """Whether buyers left, or were cut short, depending on what was assigned to their worlds.

    Leaving is an outcome, and may well depend on the shelf: then estimates given a purchase are of
    those who stay. Being cut short is the laboratory's doing, and must not.
    """
    name, told = "Status by assignment", ("abstained", "truncated")
    ended = trials["status"].isin(told)
    if not ended.any():
        return Check(name, True, "No buyer left without a purchase, and none was cut short.")
    if redraw is None:
        verdict = f"{counted(int(ended.sum()), 'trial')} abstained or truncated."
        return Check(name, None, f"{verdict} Without the run's design no test.")
    found = [
        (arm, status, group, _by_design(group, group["status"] == status, redraw))
        for arm, group in arms(trials)
        for status in told
    ]
    tests = [(arm, status, group, test) for arm, status, group, test in found if test is not None]
    if not tests:
        return Check(name, None, "Too few trials, or all of them, ended so to test anything.")
    adjusted = holm([test[0] for *_, test in tests])
    rows = tuple(
        (arm, status, percent(float((group["status"] == status).mean())), test[1], p_value(p))
        for (arm, status, group, test), p in zip(tests, adjusted.tolist(), strict=True)
    )
    heads = ("buyer · interface", "status", "share", "most related to", "p, adjusted")
    shown = Table("How trials without a purchase relate to their worlds", heads, rows)
    passed, verdict = _status_verdict(
        [(arm, status) for (arm, status, *_), p in zip(tests, adjusted, strict=True) if p < ALPHA]
    )
    return Check(name, passed, verdict, float(adjusted.min()), shown)


def _status_verdict(related: Sequence[tuple[str, str]]) -> tuple[bool, str]:
    """Whether the gate holds, and why, given the arms and statuses that depend on worlds."""
    cut = [arm for arm, status in related if status == "truncated"]
    left = [arm for arm, status in related if status == "abstained"]
    said = []
    if cut:
        said.append(
            f"Whether {listed(cut)} ran out of steps depends on what was assigned: raise "
            "`max_steps`, or trust the bounds."
        )
    if left:
        said.append(
            f"Whether {listed(left)} left without a purchase depends on what was assigned. That is "
            "an outcome: estimates given a purchase are of those who stayed, `outside: true` "
            "counts both."
        )
    return not cut, " ".join(said) or "Ending without a purchase is unrelated to what was assigned."


def _by_design(
    trials: pd.DataFrame, ended: "pd.Series[bool]", redraw: Redraw
) -> tuple[float, str] | None:
    """p-value and the term most related to ending so; None where too few ended so, or otherwise.

    The statistic is the greatest standardised sum, over terms, of (ended so - task's mean) times
    the term's mean on the shelf, products weighted by how often they are bought.
    """
    trials = trials[trials["k"] >= redraw.first]
    ended = ended.loc[trials.index]
    if ended.sum() < FEWEST or (~ended).sum() < FEWEST or not redraw.terms:
        return None
    bought = trials["product_id"].value_counts(normalize=True)
    weights = dict(zip(map(str, bought.index), bought.tolist(), strict=True))
    observed, samples = np.zeros(len(redraw.terms)), np.zeros((REPLICATES, len(redraw.terms)))
    for task_id, group in trials.groupby("task_id", sort=False):
        losses = ended.loc[group.index].groupby(group["k"]).sum()
        excess = losses.to_numpy(float) - losses.mean()
        drawn = redraw.stored(str(task_id), losses.index.to_numpy())
        observed += excess @ drawn.mean(weights)
        pool = redraw.pool(str(task_id)).mean(weights)
        pool = pool - pool.mean(axis=0)
        generator = Stream("missing data", task_id).generator()
        ks = losses.index.to_numpy()
        picked = (redraw.like(ks, len(pool), generator) for _ in range(REPLICATES))
        samples += np.array([excess @ pool[worlds] for worlds in picked])
    return _greatest(observed, samples, redraw.terms)


def _greatest(observed: Floats, samples: Floats, names: Sequence[str]) -> tuple[float, str]:
    """p-value of the greatest standardised statistic among its redrawn values, and whose it is."""
    spread = samples.std(axis=0)
    spread[spread < 1e-12] = np.inf  # a term that does not vary says nothing
    z = np.abs(observed) / spread
    null = (np.abs(samples) / spread).max(axis=1)
    p = (1 + int((null >= z.max()).sum())) / (1 + len(samples))
    return p, names[int(z.argmax())]


def row_bounds(table: pd.DataFrame, trials: pd.DataFrame) -> Table:
    """Share of purchases by row, and what it could be had no trial been missing.

    Reference: Manski (1989), Anatomy of the selection problem: worst-case bounds.
    """
    rows = []
    last = int(table["row"].max()) if len(table) and "row" in table else 0
    for arm, group in arms(trials):
        lost = int(group["status"].isin(MISSING).sum())
        bought = int((group["status"] == "chosen").sum())
        for row in range(1, last + 1):
            count = int((group["row"] == row).sum())
            low, high = count / max(bought + lost, 1), (count + lost) / max(bought + lost, 1)
            share = count / bought if bought else float("nan")
            rows.append((arm, str(row), percent(share), f"{percent(low)} to {percent(high)}"))
    return Table(
        "Purchases by row of the page",
        ("buyer · interface", "row", "share", "whatever the missing trials would have been"),
        tuple(rows),
    )


def sample_ratio(table: pd.DataFrame, trials: pd.DataFrame, study: Study | None) -> Check:
    """Whether trials are lost at the same rate in all arms: buyers, interfaces, versions."""
    complete = ~trials["status"].isin(MISSING)
    factors = {"buyer and interface": trials["buyer"] + " · " + trials["interface"]}
    for name, columns in _world_arms(study).items():
        on = table.groupby("trial_id", sort=False)[columns].max()
        factors[name] = on.idxmax(axis=1).where(on.any(axis=1), "first").loc[trials.index]
    factors = {name: arm for name, arm in factors.items() if arm.nunique() > 1}
    if not factors:
        return Check("Sample ratio", None, "There is one arm only.")
    world = trials["world_id"] if "world_id" in trials else pd.Series(trials.index, trials.index)
    tests = {name: _same_rate(complete, arm, world) for name, arm in factors.items()}
    worst = min(tests, key=lambda name: tests[name])
    p = min(1.0, tests[worst] * len(tests))
    rows = tuple(
        (name, str(arm), f"{len(group):,}", f"{int(group.sum()):,}", percent(float(group.mean())))
        for name, arms_ in factors.items()
        for arm, group in complete.groupby(arms_, sort=False)
    )
    shown = Table("Trials with an outcome", ("factor", "arm", "run", "complete", "share"), rows)
    if p >= RATIO_ALPHA:
        verdict = f"Arms are complete in the same proportion ({p_equals(p)})."
    else:
        verdict = f"Arms of {worst} are not complete in the same proportion ({p_equals(p)})."
    return Check("Sample ratio", p >= RATIO_ALPHA, verdict, p, shown)


def _world_arms(study: Study | None) -> dict[str, list[str]]:
    """Treatment -> 0/1 columns of its arms but the first, where a world has one arm."""
    declarations = study.declarations if study is not None else {}
    return {
        name: d.columns()
        for name, d in declarations.items()
        if d.kind == "versions" or (d.kind == "arms" and d.unit == "world" and len(d.arms) > 1)
    }


def _same_rate(
    complete: "pd.Series[bool]", arm: "pd.Series[str]", world: "pd.Series[str]"
) -> float:
    """p-value of Pearson's test that completion does not depend on the arm.

    Trials of a world are often lost together: all count as as many as independent trials would
    (Rao, J. N. K. and Scott, A. J. (1992), A simple method for the analysis of clustered binary
    data, Biometrics 48, 577-585, with one design effect for all arms).
    """
    met = complete.groupby([arm, world], sort=False).agg(["sum", "size"]).astype(float)
    share = met["sum"].sum() / met["size"].sum()
    if share in (0.0, 1.0):
        return 1.0
    moved = ((met["sum"] - share * met["size"]) ** 2).sum()
    effect = max(1.0, float(moved / (met["size"].sum() * share * (1 - share))))
    arms_ = met.groupby(level=0, sort=False).sum() / effect
    return equal_shares(arms_["sum"].tolist(), arms_["size"].tolist())[2]
