"""Shares and means of arms, and differences between them, by worlds."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aces.stats.adaptive import Method as Weighting
from aces.stats.adaptive import arm_means
from aces.stats.equivalence import equivalence
from aces.stats.intervals import critical_value
from aces.stats.linear import clustered, least_squares
from aces.stats.means import contrast
from aces.stats.paired import paired_difference
from aces.stats.proportions import equal_shares, slope
from analysis.arm_shares import newcombe
from benchmarks.estimator_coverage_cells import Cell, Held, Method

Floats = NDArray[np.float64]
ALIKE = 0.3
"""Chance that a trial does what the first trial of its world did."""
SHARES = {"even": (0.4, 0.5), "rare": (0.03, 0.05)}
WORLDS = (3, 5, 10, 20, 100, 1000)


def bought(rng: np.random.Generator, share: Floats, repeats: int) -> Floats:
    """(worlds, repeats) purchases of 0 or 1, those of a world alike by chance."""
    worlds = len(share)
    own = rng.random((worlds, repeats)) < share[:, None]
    alike = rng.random((worlds, repeats)) < ALIKE
    alike[:, 0] = False
    return np.where(alike, own[:, :1], own).astype(float)


def by_world(rng: np.random.Generator, demand: str, worlds: int, repeats: int) -> Held:
    """Two arms of so many worlds each, met by so many trials."""
    shares = SHARES[demand]
    truth = shares[1] - shares[0]
    arm = np.repeat([0, 1], worlds)
    y = bought(rng, np.array(shares)[arm], repeats)
    world, of_arm = np.repeat(np.arange(2 * worlds), repeats), np.repeat(arm, repeats)
    found = contrast(y.ravel(), of_arm, {1: 1.0, 0: -1.0}, world)
    limits = found.interval()
    held: dict[str, list[bool]] = {MEANS: [], SAME: []}
    if limits and found.std_error > 0:
        held[MEANS] = [bool(limits[0] <= truth <= limits[1])]
        tested = equivalence([found.estimate], [found.std_error], (-1.0, truth), df=found.df)
        held[SAME] = [bool(tested.p_value[0] < 0.05)]
    # as `arm_shares` does: trials of one world count as one choice
    counts = [y[arm == a].sum() / repeats for a in (1, 0)]
    _, low, high = newcombe(counts[0], worlds, counts[1], worlds)
    held[NEWCOMBE] = [bool(low - 1e-12 <= truth <= high + 1e-12)]
    return held


def adjusted(rng: np.random.Generator, worlds: int, effect: float) -> Held:
    """Arms by worlds, least squares on the arm and on a centred covariate with its interaction."""
    arm = rng.permutation(2 * worlds) % 2
    x = rng.normal(size=2 * worlds)
    # the effect differs by shelf, so that the average one over these shelves is what is meant
    gain = effect + 0.5 * x
    y = 1.0 * x + arm * gain + rng.exponential(1.0, 2 * worlds)
    truth = float(gain.mean())
    centred = x - x.mean()
    X = np.column_stack([arm, centred, arm * centred])
    own = np.arange(2 * worlds)
    held: dict[str, list[bool]] = {}
    for name, columns in ((PLAIN, [0]), (ADJUSTED, [0, 1, 2])):
        made = least_squares(X[:, columns], y, ["arm", "x", "arm x"][: len(columns)], own * 0)
        errors = clustered(made, own)
        half = critical_value(0.95, errors.df) * errors.bse[0]
        held[name] = [bool(abs(made.params[0] - truth) <= half)]
    return held


def weighted(rng: np.random.Generator, demand: str, worlds: int) -> Held:
    """Means of two arms with fixed, unequal chances, by each weighting."""
    shares = np.array(SHARES[demand])
    chances = np.tile([0.3, 0.7], (worlds, 1))
    arm = (rng.random(worlds) < 0.7).astype(np.int64)
    y = (rng.random(worlds) < shares[arm]).astype(float)
    held: dict[str, list[bool]] = {}
    for name in WEIGHTINGS:
        found = arm_means(y, arm, chances, name, bounded=True)
        gain = found.contrast(1, 0)
        truth = shares[1] - shares[0]
        given = not np.isnan(gain.low)
        held[f"{name}: gain"] = [bool(gain.low <= truth <= gain.high)] if given else []
    return held


def pairs(rng: np.random.Generator, demand: str, worlds: int, apart: bool) -> Held:
    """Pairs of worlds equal but for the arm, whose trials are alike by chance."""
    shares = SHARES[demand] if apart else (SHARES[demand][1],) * 2
    u = rng.random(worlds)
    other = np.where(rng.random(worlds) < ALIKE, u, rng.random(worlds))
    first, second = (other < shares[1]).astype(float), (u < shares[0]).astype(float)
    found = paired_difference(first, second)
    truth = shares[1] - shares[0]
    held = {TANGO: [bool(found.low - 1e-9 <= truth <= found.high + 1e-9)]}
    return held | ({} if apart else {MCNEMAR: [bool(found.p_value < 0.05)]})


def mean_pairs(rng: np.random.Generator, worlds: int) -> Held:
    """Pairs whose outcomes are means of four trials: intervals from t."""
    base = rng.beta(2, 3, worlds)
    first, second = (rng.binomial(4, base) / 4 for _ in range(2))
    found = paired_difference(first, second)
    return {PAIRED_T: [bool(found.low <= 0 <= found.high)] if found.std_error > 0 else []}


def trends(rng: np.random.Generator, worlds: int) -> Held:
    """Five doses that do nothing: is there a slope, are the shares unequal?"""
    dose = np.repeat(np.arange(worlds) % 5, 4)
    world = np.repeat(np.arange(worlds), 4)
    y = bought(rng, np.full(worlds, 0.3), 4).ravel()
    p = slope(dose, y, world)[-1]
    own = bought(rng, np.full(worlds, 0.3), 1)[:, 0]
    counts = [own[np.arange(worlds) % 5 == d].sum() for d in range(5)]
    trials = [(np.arange(worlds) % 5 == d).sum() for d in range(5)]
    return {
        SLOPE: [] if np.isnan(p) else [bool(p < 0.05)],
        EQUAL: [bool(equal_shares(counts, trials)[2] < 0.05)],
    }


WEIGHTINGS: tuple[Weighting, ...] = (
    "naive",
    "horvitz_thompson",
    "hajek",
    "aipw",
    "weighted_aipw",
)
MEANS = "difference of means, clustered by world, t"
SAME = "equivalence, where the effect is the bound"
NEWCOMBE = "arm shares: Newcombe's interval of the change"
PLAIN = "difference by least squares, plain"
ADJUSTED = "difference by least squares, adjusted (Lin)"
TANGO = "within pairs: Tango's interval"
MCNEMAR = "within pairs: McNemar's test"
PAIRED_T = "within pairs: t, means of four trials"
SLOPE = "slope, clustered by world, t(G - 1)"
EQUAL = "equal shares (chi-squared)"


def _two_arms() -> Iterator[Cell]:
    for demand in SHARES:
        for repeats in (1, 5):
            for worlds in WORLDS:
                yield Cell(
                    "Two arms, worlds in each",
                    f"{demand} shares, {repeats} trial{'s' * (repeats > 1)} a world",
                    f"{worlds:,}",
                    (
                        Method(MEANS, "covers 95 %"),
                        Method(NEWCOMBE, "covers 95 %"),
                        Method(SAME, "rejects at most 5 %", "`aces.stats.equivalence`"),
                    ),
                    partial(by_world, demand=demand, worlds=worlds, repeats=repeats),
                )
    for worlds in WORLDS:
        yield Cell(
            "Two arms, worlds in each",
            "skewed outcomes, a covariate that the effect depends on",
            f"{worlds:,}",
            (
                Method(PLAIN, "covers 95 %", "a warning below 10 worlds"),
                Method(ADJUSTED, "covers 95 %", "a note of `arm_difference` below 20 worlds"),
            ),
            partial(adjusted, worlds=worlds, effect=0.5),
        )
    for demand in SHARES:
        for worlds in (10, 20, 100, 1000):
            yield Cell(
                "Two arms with chances .3 and .7, worlds in all",
                f"{demand} shares, fixed chances",
                f"{worlds:,}",
                tuple(Method(f"{name}: gain", "covers 95 %") for name in WEIGHTINGS),
                partial(weighted, demand=demand, worlds=worlds),
            )


def _pairs_and_doses() -> Iterator[Cell]:
    for demand in SHARES:
        for worlds in WORLDS:
            for apart in (True, False):
                methods = [Method(TANGO, "covers 95 %")]
                methods += [] if apart else [Method(MCNEMAR, "rejects at most 5 %")]
                yield Cell(
                    "Pairs of worlds",
                    f"{demand} shares, {'a difference' if apart else 'no difference'}",
                    f"{worlds:,}",
                    tuple(methods),
                    partial(pairs, demand=demand, worlds=worlds, apart=apart),
                )
    for worlds in WORLDS:
        yield Cell(
            "Pairs of worlds",
            "no difference, means of four trials",
            f"{worlds:,}",
            (Method(PAIRED_T, "covers 95 %"),),
            partial(mean_pairs, worlds=worlds),
        )
    for worlds in (5, 10, 20, 100, 1000):
        yield Cell(
            "Five doses that do nothing, worlds in all",
            "shares of .3",
            f"{worlds:,}",
            (
                Method(SLOPE, "rejects 5 %", "`slope`; a note of `target_share`"),
                Method(EQUAL, "rejects 5 %"),
            ),
            partial(trends, worlds=worlds),
        )


CELLS = (*_two_arms(), *_pairs_and_doses())
