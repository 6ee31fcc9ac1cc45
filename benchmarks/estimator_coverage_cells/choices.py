"""The conditional logit and what is made of it, and the linear probability model, by clusters."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aces.stats.choice import fit
from aces.stats.covariance import FEW_CLUSTERS, JACKKNIFED, SOME_CLUSTERS, covariance
from aces.stats.intervals import critical_value, fieller
from aces.stats.joint import wald_test
from aces.stats.linear import clustered, least_squares
from aces.stats.score_bootstrap import ScoreBootstrap
from benchmarks.estimator_coverage_cells import Cell, Held, Method

Floats = NDArray[np.float64]
Design = Literal["independent", "paired", "rotated"]
Demand = Literal["even", "concentrated"]

DESIGNS: tuple[Design, ...] = ("independent", "paired", "rotated")
DEMANDS: tuple[Demand, ...] = ("even", "concentrated")
PRODUCTS = 6
SETS = 600
"""Choices in all, or as many as there are clusters where these are more."""
SHARED = 0.5
"""Chance that a trial meets its cluster's noise: choices of a cluster are alike."""
TRUTH = np.array([-1.5, 0.8, 0.0, 0.0])
NAMES = ("log_price", "badge", "slot_2", "slot_3")
EFFECTS = {
    "even": np.array([0.0, 0.4, -0.3, 0.2, -0.5, 0.3]),
    "concentrated": np.array([0.0, 3.0, -0.3, 0.2, -0.5, 0.3]),
}
FEW = "a warning below 10 clusters"
SOME = "a note of `aces analyze` below 40 clusters"
SAID = "`aces.stats.score_bootstrap`; under its table"
FIRST_ORDER = "`aces.stats.covariance`: used where it is asked for"


@dataclass(frozen=True)
class Drawn:
    """Choice sets: rows by alternative, product effects as dummies after the terms."""

    X: Floats
    y: Floats
    sets: NDArray[np.int64]
    clusters: NDArray[np.int64]


def draw(
    rng: np.random.Generator,
    design: Design,
    demand: Demand,
    clusters: int,
    truth: Floats = TRUTH,
    outside: bool = False,
    each: int = 0,
) -> Drawn:
    """Draws shelves by a design, and choices of a logit whose noise is partly a cluster's own."""
    each = each or max(1, -(-SETS // clusters))
    each += each % 2 if design == "paired" else 0
    n = clusters * each
    of_set = np.repeat(np.arange(clusters), each)
    slot, price, badge = _shelves(rng, design, of_set)
    X = np.stack([price, badge, slot == 1, slot == 2], axis=2).astype(float)
    noise = rng.gumbel(size=(n, PRODUCTS + 1))
    common = rng.gumbel(size=(clusters, PRODUCTS + 1))
    alike = rng.random(n) < SHARED if each > 1 else np.zeros(n, dtype=bool)
    noise[alike] = common[of_set[alike]]
    utility = X @ truth + EFFECTS[demand] + noise[:, :-1]
    best = utility.max(axis=1)
    bought = noise[:, -1] < best if outside else np.ones(n, dtype=bool)
    y = (utility == best[:, None]) & bought[:, None]
    dummies = np.broadcast_to(np.eye(PRODUCTS)[:, 1:], (n, PRODUCTS, PRODUCTS - 1))
    rows = np.concatenate([X, dummies], axis=2).reshape(n * PRODUCTS, -1)
    repeat = partial(np.repeat, repeats=PRODUCTS)
    return Drawn(rows, y.ravel().astype(float), repeat(np.arange(n)), repeat(of_set))


def _shelves(
    rng: np.random.Generator, design: Design, of_set: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """(sets, products) slots, log prices, and the badge, which the first product alone may have.

    `independent`: slots and prices anew for each trial, the badge by cluster. `rotated`: slots by
    turning one order, the badge by cluster. `paired`: two trials alike but for the badge.
    """
    n = len(of_set)
    slot = np.argsort(rng.random((n, PRODUCTS)), axis=1).astype(float)
    price = rng.normal(0.0, 0.3, (n, PRODUCTS))
    clusters = int(of_set[-1]) + 1
    treated = rng.permutation(clusters) < (clusters + rng.integers(2)) // 2
    on = treated[of_set]
    if design == "rotated":
        slot = (rng.permutation(PRODUCTS) + np.arange(n)[:, None]) % PRODUCTS
    if design == "paired":
        slot[1::2], price[1::2] = slot[::2], price[::2]
        on = np.arange(n) % 2 == 1
    badge = np.zeros((n, PRODUCTS))
    badge[:, 0] = on
    return slot, price, badge


def _covers(estimate: float, error: float, truth: float, df: float) -> bool:
    return bool(abs(estimate - truth) <= critical_value(0.95, df) * error)


def by_cluster(
    rng: np.random.Generator, design: Design, demand: Demand, clusters: int, outside: bool
) -> Held:
    """The conditional logit with its own errors and t(G - 1), and what is made of it."""
    data = draw(rng, design, demand, clusters, outside=outside)
    found = fit(data.X, data.y, data.sets, data.clusters, outside=outside)
    matrix, df = found.covariance.matrix, found.covariance.df
    b, error = found.params, found.bse
    hold = [_covers(b[k], error[k], TRUTH[k], df) for k in range(len(TRUTH))]
    nulls = wald_test(b[2:4], matrix[2:4, 2:4], df)
    ratio = fieller(
        b[1], -b[0], (matrix[1, 1], matrix[0, 0]), -matrix[0, 1], critical_value(0.95, df)
    )
    paid = TRUTH[1] / -TRUTH[0]
    inside = ratio.low <= paid <= ratio.high
    held: dict[str, list[bool]] = {}
    if clusters <= JACKKNIFED:
        plain = covariance(found.data, found.at, "cluster", data.clusters).matrix
        held[BETWEEN_CR1] = [_covers(b[1], np.sqrt(plain[1, 1]), TRUTH[1], df)]
    held |= {
        WITHIN: [hold[0], *hold[2:]],
        BETWEEN: [hold[1]],
        RATIO: [not inside if ratio.shape == "rays" else inside],
        JOINT: [] if np.isnan(nulls.p_value) else [nulls.p_value < 0.05],
    }
    return held | _linear(rng, design, demand, clusters)


def _linear(
    rng: np.random.Generator, design: Design, demand: Demand, clusters: int
) -> dict[str, list[bool]]:
    """Linear probabilities where neither badge nor slots do anything: their truth is then 0."""
    nothing = TRUTH * [1, 0, 0, 0]
    data = draw(rng, design, demand, clusters, truth=nothing)
    names = [*NAMES, *(f"p{k}" for k in range(1, PRODUCTS))]
    made = least_squares(data.X, data.y, names, data.sets)
    errors = clustered(made, data.clusters)
    t = np.abs(made.params / errors.bse) > critical_value(0.95, errors.df)
    return {LINEAR: t[2:4].tolist(), LINEAR_BETWEEN: [bool(t[1])]}


def bootstrapped(rng: np.random.Generator, design: Design, demand: Demand, clusters: int) -> Held:
    """The score bootstrap, which is offered for few clusters, where nothing is to be found."""
    nothing = TRUTH * [1, 0, 0, 0]
    data = draw(rng, design, demand, clusters, truth=nothing)
    found = fit(data.X, data.y, data.sets, data.clusters)
    tests = ScoreBootstrap(found.data, found.at, data.clusters, draws=999)
    eye = np.eye(data.X.shape[1])
    reject = [tests.test(eye[[k]], np.zeros(1)).p_value < 0.05 for k in (1, 2)]
    return {SCORE: [reject[1]], SCORE_BETWEEN: [reject[0]]}


def robust(rng: np.random.Generator, design: Design, demand: Demand, sets: int) -> Held:
    """Errors by choice set, no clusters, each set a decision of its own."""
    data = draw(rng, design, demand, sets, each=1)
    X, y, names = data.X, data.y, data.sets
    found = fit(X, y, names)
    b, error = found.params, found.bse
    plain = np.sqrt(np.diag(fit(X, y, names, cov_type="nonrobust").covariance.matrix))
    return {
        ROBUST: [_covers(b[k], error[k], TRUTH[k], np.inf) for k in range(4)],
        PLAIN: [_covers(b[k], plain[k], TRUTH[k], np.inf) for k in range(4)],
    }


WITHIN = "conditional logit, clustered, t(G - 1): what varies within clusters"
BETWEEN = "conditional logit, clustered, t(G - 1): the badge"
BETWEEN_CR1 = "conditional logit, CR1, t(G - 1): the badge"
RATIO = "Fieller's set of the price equivalent"
JOINT = "joint test of two slots (Hotelling)"
LINEAR = "linear probability, clustered, t(G - 1): slots"
LINEAR_BETWEEN = "linear probability, clustered, t(G - 1): the badge"
SCORE = "score bootstrap: a slot"
SCORE_BETWEEN = "score bootstrap: the badge"
ROBUST = "conditional logit, robust by choice"
PLAIN = "conditional logit, information matrix"


def _methods(clusters: int) -> tuple[Method, ...]:
    warned = "a note of `linear_probability` below 10 clusters" if clusters < FEW_CLUSTERS else ""
    told = FEW if clusters < FEW_CLUSTERS else SOME if clusters < SOME_CLUSTERS else ""
    first_order = (Method(BETWEEN_CR1, "covers 95 %", FIRST_ORDER),)
    return (
        Method(WITHIN, "covers 95 %", told),
        Method(BETWEEN, "covers 95 %", told),
        *(first_order if clusters <= JACKKNIFED else ()),
        Method(RATIO, "covers 95 %", told),
        Method(JOINT, "rejects 5 %", told),
        Method(LINEAR, "rejects 5 %", warned),
        Method(LINEAR_BETWEEN, "rejects 5 %", warned),
    )


def _cells() -> Iterator[Cell]:
    family = "Choices, by clusters"
    for design in DESIGNS:
        for demand in DEMANDS:
            for g in (3, 5, 10, 20, 100, 1000):
                yield Cell(
                    family,
                    f"{design}, {demand} demand",
                    f"G = {g:,}",
                    _methods(g),
                    partial(by_cluster, design=design, demand=demand, clusters=g, outside=False),
                )
    for g in (10, 100, 1000):
        yield Cell(
            family,
            "independent, even demand, may leave without buying",
            f"G = {g:,}",
            _methods(g),
            partial(by_cluster, design="independent", demand="even", clusters=g, outside=True),
        )
    for demand in DEMANDS:
        for n in (100, 300, 1000):
            yield Cell(
                "Choices, each by itself",
                f"independent, {demand} demand",
                f"n = {n:,}",
                (Method(ROBUST, "covers 95 %"), Method(PLAIN, "covers 95 %")),
                partial(_alone, demand=demand, sets=n),
            )
    for g in (3, 5, 6, 10, 20):
        yield Cell(
            "Choices, few clusters",
            "independent, even demand",
            f"G = {g:,}",
            (
                Method(SCORE, "rejects 5 %", SAID),
                Method(SCORE_BETWEEN, "rejects 5 %", SAID),
            ),
            partial(bootstrapped, design="independent", demand="even", clusters=g),
            500,
        )


def _alone(rng: np.random.Generator, demand: Demand, sets: int) -> Held:
    return robust(rng, "independent", demand, sets)


CELLS = tuple(_cells())
