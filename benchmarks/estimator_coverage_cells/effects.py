"""Changes of the probability of being bought, by the delta method."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.special import expit, logit, softmax

from aces.stats.choice import ChoiceFit, estimate
from aces.stats.choice_data import choice_data
from aces.stats.covariance import covariance
from analysis.choice_effects import inference, marginal_effects
from benchmarks.estimator_coverage_cells import Cell, Held, Method
from benchmarks.estimator_coverage_cells.choices import EFFECTS, PRODUCTS, TRUTH, Demand, draw

OFTEN = "effect of a price, a slot"
BADGE = "effect of the badge"
FEW = "a warning below 10 clusters"


def marginal(rng: np.random.Generator, demand: Demand, clusters: int) -> Held:
    """Average marginal effects on these shelves: of a badge by cluster, a slot, and the price."""
    data = draw(rng, "independent", demand, clusters)
    terms = data.X[:, : len(TRUTH)]
    product = np.tile(np.arange(PRODUCTS) - 1, len(terms) // PRODUCTS)  # -1: the baseline
    names = [f"p{j}" for j in range(1, PRODUCTS)]
    sets = choice_data(terms, data.y, data.sets, effects=product, effect_names=names)
    at = estimate(sets)
    found = ChoiceFit(sets, at, covariance(sets, at, None, data.clusters))
    utility = (terms @ TRUTH).reshape(-1, PRODUCTS) + EFFECTS[demand]
    p = softmax(utility, axis=1).ravel()
    without = logit(p) - terms[:, 1] * TRUTH[1]
    badge = float((expit(without + TRUTH[1]) - expit(without)).mean())
    truth = [float((p * (1 - p)).mean() * TRUTH[0]), badge, 0.0, 0.0]
    covers = []
    for effect, true in zip(marginal_effects(found), truth, strict=True):
        _, low, high, _ = inference(found, effect, 0.95)
        covers.append(low <= true <= high)
    return {OFTEN: [covers[0], *covers[2:]], BADGE: [covers[1]]}


def _cells() -> Iterator[Cell]:
    for demand in EFFECTS:
        for clusters, runs in ((5, 300), (10, 300), (20, 300), (100, 100), (1000, 300)):
            yield Cell(
                "Changes of the purchase probability, clusters",
                f"independent, {demand} demand",
                f"G = {clusters:,}",
                (Method(OFTEN, "covers 95 %", FEW), Method(BADGE, "covers 95 %", FEW)),
                partial(marginal, demand=demand, clusters=clusters),  # type: ignore[arg-type]
                runs,
            )


CELLS = tuple(_cells())
