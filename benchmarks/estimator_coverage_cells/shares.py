"""Shares of a market and its concentration, and tests of many products at once."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from aces.stats.exchange import exchange_test
from aces.stats.multiplicity import benjamini_hochberg, holm
from aces.stats.shares import goodman_interval, hhi, modal_share, wilson_interval
from benchmarks.estimator_coverage_cells import Cell, Held, Method

MARKETS = {
    "eight equal shares": np.full(8, 1 / 8),
    "concentrated: .65 and seven of .05": np.array([0.65, *[0.05] * 7]),
    "near-monopoly: .93 and seven of .01": np.array([0.93, *[0.01] * 7]),
}
STEPS = "`wilson_interval`: counts come in steps"
WILSON = "Wilson, each share by itself, mean over shares"
RAREST = "Wilson, the smallest share"
GOODMAN = "Goodman, all shares at once"
INDEX = "HHI"
MODAL = "share of the leader"
REPEATED = "Wilson, trials of a world counted as one"
EXCHANGE = "exchange test, each product"
JOINT = "exchange test, jointly"
BH = "Benjamini-Hochberg: share of false discoveries"
HOLM = "Holm: any false discovery"


def market(rng: np.random.Generator, kind: str, n: int) -> Held:
    """Counts of n independent choices."""
    shares = MARKETS[kind]
    counts = rng.multinomial(n, shares)
    low, high = wilson_interval(counts, n)
    each = ((low <= shares) & (shares <= high)).tolist()
    low, high = goodman_interval(counts, n)
    index, leader = hhi(counts), modal_share(counts)
    return {
        WILSON: each,
        RAREST: each[-1:],
        GOODMAN: [bool(((low <= shares) & (shares <= high)).all())],
        INDEX: [bool(index.low <= shares @ shares <= index.high)],
        MODAL: [bool(leader.low <= shares.max() <= leader.high)],
    }


def repeated(rng: np.random.Generator, share: float, worlds: int, alike: float) -> Held:
    """Worlds met five times each, whose trials do what the first did by chance."""
    own = rng.random((worlds, 5)) < share
    copied = rng.random((worlds, 5)) < alike
    y = np.where(copied, own[:, :1], own)
    low, high = wilson_interval([y.sum() / 5], worlds)
    return {REPEATED: [bool(low[0] <= share <= high[0])]}


def versions(rng: np.random.Generator, worlds: int) -> Held:
    """An update that changes nothing: four trials of each world, two of each version."""
    share = rng.dirichlet(np.full(6, 1.0), worlds)
    bought = (rng.random((worlds, 4, 1)) > share.cumsum(axis=1)[:, None]).sum(axis=2)
    values = np.eye(7)[bought.clip(0, 5).ravel()][:, :6]
    new = np.tile([True, True, False, False], worlds)
    found = exchange_test(values, np.repeat(np.arange(worlds), 4), new, rng, 399)
    return {EXCHANGE: (found.p_value < 0.05).tolist(), JOINT: [bool(found.joint_p < 0.05)]}


def discoveries(rng: np.random.Generator, nulls: int) -> Held:
    """Twenty independent tests, some of nothing and the others of something plain.

    A share of false discoveries is no yes or no; each discovery is counted as one.
    """
    from scipy.special import ndtr

    z = rng.normal(size=20)
    z[nulls:] += 3.0
    p = 2 * ndtr(-np.abs(z))
    false = np.arange(20) < nulls
    found = benjamini_hochberg(p) < 0.05
    return {
        BH: false[found].tolist() if found.any() else [False],
        HOLM: [bool((holm(p)[false] < 0.05).any())],
    }


def _cells() -> Iterator[Cell]:
    for kind in MARKETS:
        for n in (10, 20, 100, 1000):
            yield Cell(
                "Shares of a market, choices",
                kind,
                f"{n:,}",
                (
                    Method(WILSON, "covers 95 %", STEPS),
                    Method(RAREST, "covers 95 %", STEPS),
                    Method(GOODMAN, "covers at least 95 %", STEPS),
                    Method(INDEX, "covers 95 %", "`hhi`"),
                    Method(MODAL, "covers at least 95 %"),
                ),
                partial(market, kind=kind, n=n),
            )
    for share in (0.05, 0.4):
        for alike in (0.0, 0.5, 1.0):
            for worlds in (10, 20, 100, 1000):
                yield Cell(
                    "Shares with repeats, worlds",
                    f"share {share}, five trials a world, alike {alike:.0%}",
                    f"{worlds:,}",
                    (Method(REPEATED, "covers at least 95 %", STEPS),),
                    partial(repeated, share=share, worlds=worlds, alike=alike),
                )
    for worlds in (3, 5, 10, 20, 100):
        yield Cell(
            "An update that changes nothing, worlds",
            "two trials of each version a world, six products",
            f"{worlds:,}",
            (Method(EXCHANGE, "rejects at most 5 %"), Method(JOINT, "rejects at most 5 %")),
            partial(versions, worlds=worlds),
            2000 if worlds < 100 else 500,
        )
    for nulls in (5, 15, 20):
        yield Cell(
            "Twenty tests at once",
            "independent, the others three errors from 0",
            f"{nulls} of nothing",
            (Method(BH, "rejects at most 5 %"), Method(HOLM, "rejects at most 5 %")),
            partial(discoveries, nulls=nulls),
        )


CELLS = tuple(_cells())
