"""Coefficients of two versions on one footing: what both can be said to have, and what moved it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import Floats, choice_data
from aces.stats.covariance import cluster_influence
from aces.stats.explain import Explanation, TwoFits, explain
from aces.stats.intervals import critical_value, fieller, p_values
from aces.stats.joint import WaldTest, joint_covariance
from analysis.choice_sample import ProductEffects, choice_sample
from analysis.stacked import Contrast, infer, term_matrix
from analysis.term_families import families

EVENTS = 10
"""Purchases of a product by each version, below which its effect is in no test: of so few a
clustered error says little."""
WORLDS_PER_COEFFICIENT = 4
"""Worlds for each coefficient of a joint test; with fewer, product effects stay out of it."""
NOISE = "noise"
SEVERAL_PRODUCTS = "effects of several products"
LEVEL = 0.05


@dataclass(frozen=True)
class Tastes:
    """The conditional logit of one run of a version, product effects among its parameters.

    Attributes:
        params: (K,) terms, then effects.
        products: Effect -> its place in `params`; that of a baseline is None.
        groups: Product -> the baseline of its connected shelves.
        bought: Product -> purchases.
        clusters: (G,) worlds, or whoever a trial belongs to.
        influence: (G, K) what each adds to the estimates.
        frame: Rows used.
        sets: (rows,) choice set of each.
    """

    params: Floats
    products: Mapping[str, int | None]
    groups: Mapping[str, str]
    bought: Mapping[str, int]
    clusters: NDArray[np.generic]
    influence: Floats
    frame: pd.DataFrame
    sets: NDArray[np.generic]


def fit_tastes(rows: pd.DataFrame, terms: Sequence[str], *, cluster: str = "world_id") -> Tastes:
    """Fits one run's choices given a purchase, with product effects.

    Args:
        rows: Its long table.
        terms: Columns and products of columns.
        cluster: Column of the clusters.

    Raises:
        EstimationError: If a term can't be estimated.
    """
    sample = choice_sample(rows, "chosen", "trial_id", effects="product_id")
    effects = sample.effects
    assert effects is not None
    data = choice_data(
        term_matrix(sample.frame, terms),
        sample.y,
        sample.sets,
        names=terms,
        effects=effects.codes,
        effect_names=effects.names,
    )
    at = estimate(data)
    names, influence = cluster_influence(data, at, sample.frame[cluster].to_numpy(str))
    products, groups = _places(effects, len(terms))
    bought = sample.frame["product_id"].astype(str)[sample.y > 0].value_counts()
    return Tastes(
        params=at.params,
        products=products,
        groups=groups,
        bought={str(name): int(count) for name, count in bought.items()},
        clusters=names,
        influence=influence,
        frame=sample.frame,
        sets=sample.sets,
    )


def _places(effects: ProductEffects, k: int) -> tuple[dict[str, int | None], dict[str, str]]:
    products: dict[str, int | None] = {name: k + i for i, name in enumerate(effects.names)}
    groups: dict[str, str] = {}
    for base, others in effects.baselines.items():
        products[base] = None
        groups |= dict.fromkeys([base, *others], base)
    return products, groups


@dataclass(frozen=True)
class Cause:
    """One way in which two versions may differ, and what it leaves unexplained.

    Attributes:
        name: What moved.
        found: The test that nothing else did.
        parts: The single causes it is made of.
    """

    name: str
    found: Explanation
    parts: tuple[str, ...]

    @property
    def suffices(self) -> bool:
        """Whether what it leaves is no more than chance."""
        return not self.found.rest.p_value < LEVEL


@dataclass(frozen=True)
class Shared:
    """What two versions have in common: the terms, and products against one of their shelves.

    Attributes:
        terms: (T,) terms.
        contrasts: Product and the one it is compared with, after the terms.
        fits: Both versions' coefficients, the old one's the mean of its runs.
        replicate: The old version's own runs, first and second; None without a second.
    """

    terms: tuple[str, ...]
    contrasts: tuple[tuple[str, str], ...]
    fits: TwoFits
    replicate: TwoFits | None = None

    @property
    def n_clusters(self) -> int:
        """Worlds."""
        return int(self.fits.df) + 1

    @property
    def effects(self) -> list[int]:
        """Places of the product effects."""
        return list(range(len(self.terms), len(self.terms) + len(self.contrasts)))

    @property
    def products(self) -> set[str]:
        """Products with an effect, those compared with among them."""
        return {name for pair in self.contrasts for name in pair}

    @cached_property
    def change(self) -> Contrast:
        """All coefficients, second less first."""
        return changes(self.fits)

    @cached_property
    def same_version(self) -> Contrast | None:
        """The old version's second run less its first."""
        return None if self.replicate is None else changes(self.replicate)

    def joint(self, which: Sequence[int], *, same_version: bool = False) -> WaldTest:
        """Returns the test that no coefficient of some differs."""
        fits = self.replicate if same_version else self.fits
        assert fits is not None
        own = list(which)
        return infer(fits.difference[own], fits.spread()[np.ix_(own, own)], fits.df).joint

    @cached_property
    def proportional(self) -> Explanation | None:
        """Equal preferences given the scale; None where there is but one coefficient."""
        return self._explain(None, scale=True)

    def _explain(self, directions: Floats | None, *, scale: bool) -> Explanation | None:
        try:
            return explain(self.fits, directions, scale=scale)
        except EstimationError:
            return None

    @cached_property
    def single(self) -> dict[str, tuple[Floats, bool]]:
        """Cause -> directions in which coefficients may differ, and whether the scale may."""
        every = np.eye(len(self.fits.first))
        index = {term: i for i, term in enumerate(self.terms)}
        found: dict[str, tuple[Floats, bool]] = {NOISE: (every[:, :0], True)}
        for family, own in families(self.terms).items():
            found[family] = (every[:, [index[term] for term in own]], False)
        return found | {name: (way, False) for name, way in self._of_products().items()}

    def _of_products(self) -> dict[str, Floats]:
        """Product -> the direction in which its own effect moves coefficients."""
        size, first = len(self.fits.first), len(self.terms)
        found: dict[str, Floats] = {}
        for i, (product, _) in enumerate(self.contrasts):
            found[product] = np.eye(size)[:, [first + i]]
        for base in dict.fromkeys(base for _, base in self.contrasts):
            own = [first + i for i, (_, b) in enumerate(self.contrasts) if b == base]
            if len(own) > 1:  # of two products it can't be told which one moved
                found[base] = -np.eye(size)[:, own].sum(axis=1, keepdims=True)
        return found

    @cached_property
    def causes(self) -> list[Cause]:
        """Single causes that suffice, likeliest first; where none does, pairs of them."""
        single = [self.cause(name) for name in self.single]
        enough = _likeliest(single)
        if enough:
            return enough
        several = _likeliest([self._of_several()])
        names = [name for name in self.single if name not in self.products]
        pairs = [self.cause(*pair) for pair in combinations(names, 2)]
        return several or _likeliest(pairs)

    def cause(self, *parts: str) -> Cause | None:
        """Returns what some single causes together leave; None where nothing is left to test."""
        ways = [self.single[name] for name in parts]
        directions = np.hstack([way for way, _ in ways])
        found = self._explain(directions, scale=any(scale for _, scale in ways))
        return None if found is None else Cause(" and ".join(parts), found, parts)

    def _of_several(self) -> Cause | None:
        if len(self.contrasts) < 2:
            return None
        found = self._explain(np.eye(len(self.fits.first))[:, self.effects], scale=False)
        return None if found is None else Cause(SEVERAL_PRODUCTS, found, (SEVERAL_PRODUCTS,))


def _likeliest(causes: Sequence[Cause | None]) -> list[Cause]:
    enough = [one for one in causes if one is not None and one.suffices]
    return sorted(enough, key=lambda one: -one.found.rest.p_value)


def changes(fits: TwoFits) -> Contrast:
    """Returns all coefficients of the second less the first's, with errors and tests."""
    return infer(fits.difference, fits.spread(), fits.df)


def shared(
    old: Sequence[Tastes], new: Tastes, terms: Sequence[str], *, fewest: int = EVENTS
) -> Shared:
    """Puts two versions on one footing.

    Args:
        old: The old version's run, or two runs of it.
        new: The new one's.
        terms: The terms.
        fewest: Purchases of a product by each version, below which its effect is left out.
    """
    tastes = [*old, new]
    contrasts = _contrasts(old, new, fewest)
    maps = [_selection(one, contrasts, len(terms)) for one in tastes]
    values = [one.params @ each for one, each in zip(tastes, maps, strict=True)]
    influence = [one.influence @ each for one, each in zip(tastes, maps, strict=True)]
    covariance, clusters = joint_covariance([one.clusters for one in tastes], influence)
    fits = _two(values, covariance, [1 / len(old)] * len(old), clusters)
    again = None
    if len(old) > 1:
        k = len(values[0])
        again = TwoFits(values[0], values[1], covariance[: 2 * k, : 2 * k], clusters - 1.0)
    return Shared(tuple(terms), contrasts, fits, again)


def testable(whole: Shared) -> Shared:
    """Returns the same without product effects, where worlds are too few for a test of all."""
    k = len(whole.fits.first)
    if k * WORLDS_PER_COEFFICIENT <= whole.n_clusters:
        return whole
    kept = list(range(len(whole.terms)))
    again = None if whole.replicate is None else _part(whole.replicate, kept)
    return Shared(whole.terms, (), _part(whole.fits, kept), again)


def _part(fits: TwoFits, which: list[int]) -> TwoFits:
    both = [*which, *(len(fits.first) + i for i in which)]
    return TwoFits(
        fits.first[which], fits.second[which], fits.covariance[np.ix_(both, both)], fits.df
    )


def _two(
    values: Sequence[Floats], covariance: Floats, weights: Sequence[float], clusters: int
) -> TwoFits:
    """The mean of the old version's runs, and the new one."""
    k = len(values[0])
    old, new = np.array([*weights, 0.0]), np.eye(len(values))[-1]
    both = np.kron(np.array([old, new]), np.eye(k))
    mean = both @ np.concatenate(values)
    return TwoFits(mean[:k], mean[k:], both @ covariance @ both.T, clusters - 1.0)


def _contrasts(old: Sequence[Tastes], new: Tastes, fewest: int) -> tuple[tuple[str, str], ...]:
    """Products that every run can compare, each with the most bought one of its shelves."""
    tastes = [*old, new]
    known = [p for p in old[0].products if all(p in one.products for one in tastes)]

    def count(product: str) -> int:
        return min(sum(one.bought.get(product, 0) for one in old), new.bought.get(product, 0))

    shelves: dict[tuple[str, ...], list[str]] = {}
    for product in sorted(known):
        if count(product) >= fewest:
            shelves.setdefault(tuple(one.groups[product] for one in tastes), []).append(product)
    found = []
    for products in shelves.values():
        base = max(products, key=count)
        found += [(product, base) for product in products if product != base]
    return tuple(found)


def _selection(one: Tastes, contrasts: Sequence[tuple[str, str]], terms: int) -> Floats:
    """(own parameters, shared) what makes the shared coefficients of a run's own."""
    found = np.zeros((len(one.params), terms + len(contrasts)))
    found[:terms, :terms] = np.eye(terms)
    for i, pair in enumerate(contrasts):
        for product, sign in zip(pair, (1.0, -1.0), strict=True):
            at = one.products[product]
            if at is not None:
                found[at, terms + i] += sign
    return found


@dataclass(frozen=True)
class Ratio:
    """A coefficient over the price coefficient's size: what it is worth, free of scale.

    Attributes:
        term: The term.
        first: Estimate and Fieller limits of the one version; infinite where unbounded.
        second: Of the other.
        p_value: Of equal ratios.
    """

    term: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    p_value: float


def ratios(whole: Shared, price: str) -> list[Ratio]:
    """Returns coefficients over that of price, version by version, and tests that they are equal.

    Ratios a/b and c/d are equal where a d = c b, which is tested, as it takes no division.
    """
    fits, k = whole.fits, len(whole.fits.first)
    p = whole.terms.index(price)
    critical = critical_value(0.95, fits.df)
    found = []
    for i, term in enumerate(whole.terms):
        if i == p:
            continue
        own = [
            _fieller(values, fits.covariance[at : at + k, at : at + k], i, p, critical)
            for at, values in ((0, fits.first), (k, fits.second))
        ]
        cross = fits.second[i] * fits.first[p] - fits.first[i] * fits.second[p]
        slope = np.zeros(2 * k)
        parts = (-fits.second[p], fits.second[i], fits.first[p], -fits.first[i])
        slope[[i, p, k + i, k + p]] = parts
        variance = float(slope @ fits.covariance @ slope)
        error = float(np.sqrt(max(variance, 0.0)))
        chance = float(p_values(cross / error, fits.df)) if error > 0 else float(cross == 0)
        found.append(Ratio(term, own[0], own[1], chance))
    return found


def _fieller(
    values: Floats, covariance: Floats, i: int, p: int, critical: float
) -> tuple[float, float, float]:
    # over minus the coefficient: what a term is worth as a rise of (log) price
    limits = fieller(
        values[i],
        -values[p],
        (float(covariance[i, i]), float(covariance[p, p])),
        -float(covariance[i, p]),
        critical,
    )
    bounded = limits.shape == "interval"
    low, high = (limits.low, limits.high) if bounded else (-np.inf, np.inf)
    return float(-values[i] / values[p]), low, high
