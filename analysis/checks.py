"""Gates: what must hold before an estimate of this run may be believed.

Each check returns a verdict in a sentence. Where a test needs to know what else could have been
drawn, worlds are drawn again by the stored design, never permuted among themselves: tags exclude
one another and prices depend on the product, so labels are not exchangeable.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.seeds import Stream
from aces.store import OPERATIONAL_CAUSES
from analysis.display import Table, counted, listed, number, p_equals, percent
from analysis.frame import trials_of
from analysis.redraw import Redraw
from analysis.study import Study

Floats = NDArray[np.float64]

ARM = ["buyer", "interface"]
MISSING = ("failed", "truncated")
"""Statuses without an outcome. Leaving without a purchase is an outcome."""

MISSING_ALPHA = 0.05
BALANCE_ALPHA = 0.001
RATIO_ALPHA = 0.001
LOCKED_SHARE = 0.8
"""A buyer that takes one slot more often than this is said to be locked to it."""
MOST_FAILED = 0.05
REPLICATES = 999


@dataclass(frozen=True)
class Check:
    """One gate.

    Attributes:
        name: What was checked.
        passed: Whether it holds; None where it does not apply.
        verdict: The finding, in a sentence.
        p_value: Of its test, where it is one.
        table: The numbers behind it.
    """

    name: str
    passed: bool | None
    verdict: str
    p_value: float | None = None
    table: Table | None = None


def run_checks(table: pd.DataFrame, study: Study | None = None) -> tuple[Check, ...]:
    """Returns all checks of a long table; those by drawing again need the run it came from."""
    trials = trials_of(table)
    redraw = Redraw.of(study) if study is not None else None
    return (
        operational_failures(trials),
        missing_data(table, trials, redraw),
        sample_ratio(table, trials, study),
        balance(table, redraw),
        position_lock(table, trials),
    )


def arms(trials: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yields each buyer and interface with its trials, named `buyer · interface`."""
    for (buyer, interface), group in trials.groupby(ARM, sort=False):
        yield f"{buyer} · {interface}", group


def operational_failures(trials: pd.DataFrame) -> Check:
    """Whether few enough trials failed for causes that lie with the laboratory."""
    failed = trials["cause"].isin(OPERATIONAL_CAUSES) & (trials["status"] == "failed")
    share = float(failed.mean()) if len(trials) else 0.0
    rows = [
        (arm, str(cause), f"{n:,}")
        for arm, group in arms(trials)
        for cause, n in group[group["status"] == "failed"]["cause"].value_counts().items()
    ]
    if not rows:
        return Check("Operation", True, f"All {counted(len(trials), 'trial')} have an outcome.")
    verdict = (
        f"{int(failed.sum()):,} of {counted(len(trials), 'trial')} ({percent(share)}) failed for "
        f"causes of the laboratory; {percent(MOST_FAILED, 0)} are tolerated."
    )
    table = Table("Failed trials", ("buyer · interface", "cause", "trials"), tuple(rows))
    return Check("Operation", share <= MOST_FAILED, verdict, table=table)


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
        if (test := _lost_by_design(group, redraw)) is not None
    }
    if not tests:
        return Check(name, None, "Too few trials are missing to test anything.", table=bounds)
    worst = min(tests, key=lambda arm: tests[arm][0])
    p = min(1.0, tests[worst][0] * len(tests))
    passed = p >= MISSING_ALPHA
    share = percent(float(missing.mean()))
    if passed:
        verdict = f"{share} of trials are missing, without relation to what was assigned"
    else:
        verdict = (
            f"{share} of trials are missing, and it depends on what was assigned ({worst}, most "
            f"of all {tests[worst][1]}): estimates may be biased; trust the bounds"
        )
    return Check(name, passed, f"{verdict} ({p_equals(p)}).", p, bounds)


def _lost_by_design(trials: pd.DataFrame, redraw: Redraw) -> tuple[float, str] | None:
    """p-value and the term most related to the loss; None where too little is missing or left.

    The statistic is the greatest standardised sum, over terms, of (missing - task's mean) times the
    term's mean on the shelf, products weighted by how often they are bought.
    """
    lost = trials["status"].isin(MISSING)
    if lost.sum() < 5 or (~lost).sum() < 5:
        return None
    bought = trials["product_id"].value_counts(normalize=True)
    weights = dict(zip(map(str, bought.index), bought.tolist(), strict=True))
    observed, samples = np.zeros(len(redraw.terms)), np.zeros((REPLICATES, len(redraw.terms)))
    for task_id, group in trials.groupby("task_id", sort=False):
        losses = lost.loc[group.index].groupby(group["k"]).sum()
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
    last = int(table["row"].max()) if len(table) else 0
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
    for name in _world_arms(study):
        factors[name] = table.drop_duplicates("trial_id").set_index("trial_id")[name].astype(str)
    factors = {name: arm for name, arm in factors.items() if arm.nunique() > 1}
    if not factors:
        return Check("Sample ratio", None, "There is one arm only.")
    tests = {name: _same_rate(complete, arm) for name, arm in factors.items()}
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


def _world_arms(study: Study | None) -> list[str]:
    """0/1 levels that are the same for a whole world."""
    declarations = study.declarations.values() if study is not None else ()
    return [
        level
        for d in declarations
        if d.kind == "arms" and d.unit == "world" and d.products is None
        for level in d.varied()
    ]


def _same_rate(complete: pd.Series, arm: pd.Series) -> float:
    """p-value of Pearson's test that completion does not depend on the arm."""
    from scipy.special import chdtrc

    counts = pd.crosstab(arm, complete).to_numpy(float)
    if counts.shape[1] < 2:
        return 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(chdtrc(len(counts) - 1, ((counts - expected) ** 2 / expected).sum()))


def balance(table: pd.DataFrame, redraw: Redraw | None) -> Check:
    """Whether the worlds met look like draws of the stored design, by one test of all levels.

    Draws of one task are independent and alike, so stored and redrawn ones are exchangeable: the
    statistic (sum of squared standardised differences of means) is compared with its values when
    the two are mixed at random. Where worlds are drawn in blocks, it is compared with its values
    for fresh blocks in the stored ones' place.
    """
    name = "Balance"
    if redraw is None or not redraw.study.varied:
        return Check(name, None, "Nothing was drawn, or the design is not at hand.")
    met = table.drop_duplicates("world_id").groupby("task_id", sort=False)["k"]
    different = sum(redraw.differing(str(task_id), list(k)) for task_id, k in met)
    if different:
        verdict = f"{counted(different, 'world')} differ from what seed and design give."
        return Check(name, False, verdict)
    observed, samples = 0.0, np.zeros(REPLICATES)
    for task_id, k in met:
        ks = k.to_numpy()
        stored = redraw.stored(str(task_id), ks).levels()
        pool = redraw.pool(str(task_id)).levels()
        if redraw.block == 1:
            difference, mixed = _distance(stored, pool, str(task_id))
        else:
            difference, mixed = _distance_of_blocks(stored, pool, ks, redraw)
        observed, samples = observed + difference, samples + mixed
    # whole blocks may differ by rounding errors alone
    p = (1 + int((samples >= observed - 1e-9).sum())) / (1 + REPLICATES)
    verdict = (
        f"Stored worlds are those that seed and design give, and "
        f"{'as balanced as' if p >= BALANCE_ALPHA else 'less balanced than'} "
        f"fresh draws ({p_equals(p)})."
    )
    return Check(name, p >= BALANCE_ALPHA, verdict, p)


def _distance(stored: Floats, pool: Floats, task_id: str) -> tuple[float, Floats]:
    """The statistic, and its values when stored and redrawn worlds are mixed at random."""
    both = np.concatenate([stored, pool])
    spread = both.std(axis=0)
    both = (both / np.where(spread > 1e-12, spread, np.inf)).astype(np.float32)
    total, n = both.sum(axis=0, dtype=np.float64), len(stored)

    def difference(part: NDArray[np.float32]) -> float:
        inside = part.sum(axis=0, dtype=np.float64)
        return float(((inside / n - (total - inside) / (len(both) - n)) ** 2).sum()) * n

    generator = Stream("balance", task_id).generator()
    mixed = [difference(both[generator.permutation(len(both))[:n]]) for _ in range(REPLICATES)]
    return difference(both[:n]), np.array(mixed)


def _distance_of_blocks(
    stored: Floats, pool: Floats, ks: NDArray[np.int64], redraw: Redraw
) -> tuple[float, Floats]:
    """The statistic, and its values for worlds of fresh blocks in the place of the stored ones."""
    mean, spread = pool.mean(axis=0), pool.std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)

    def difference(part: Floats) -> float:
        return float((((part.mean(axis=0) - mean) / spread) ** 2).sum()) * len(part)

    generator = Stream("balance", *map(int, ks[:1]), len(ks)).generator()
    fresh = [pool[redraw.like(ks, len(pool), generator)] for _ in range(REPLICATES)]
    return difference(stored), np.array([difference(part) for part in fresh])


def position_lock(table: pd.DataFrame, trials: pd.DataFrame) -> Check:
    """Whether a buyer takes one slot of the page whatever stands there."""
    if "position" not in trials or table.groupby("product_id")["position"].nunique().max() < 2:
        return Check("Position lock", None, "Positions were not varied.")
    rows, locked = [], []
    for arm, group in arms(trials):
        slots = group["position"].dropna().astype(int)
        if slots.empty:
            continue
        slot, share = int(slots.mode()[0]), float((slots == slots.mode()[0]).mean())
        rows.append((arm, str(slot), percent(share)))
        if share > LOCKED_SHARE:
            locked.append(f"{arm} took slot {slot} in {percent(share)} of purchases")
    shown = Table(
        "Most chosen slot", ("buyer · interface", "slot", "share of purchases"), tuple(rows)
    )
    if locked:
        verdict = f"{listed(locked)}: its choices say little about anything else."
        return Check("Position lock", False, verdict, table=shown)
    size = number(table.groupby("trial_id").size().mean(), 0)
    verdict = f"No buyer is locked to one of the {size} slots."
    return Check("Position lock", True, verdict, table=shown)
