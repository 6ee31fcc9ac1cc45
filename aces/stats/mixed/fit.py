"""The mixed logit fitted: estimates, errors, and how much of both is due to the draws."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.covariance import Covariance, CovType, inverse
from aces.stats.likelihood import Likelihood
from aces.stats.mixed.coefficients import Coefficients, coefficients
from aces.stats.mixed.draws import Sequences, standard_draws
from aces.stats.mixed.likelihood import Simulated, simulated_likelihood
from aces.stats.mixed.panel import Panel, clusters_of, panel
from aces.stats.mixed.search import Found, Function, maximise
from aces.stats.scored import Scored, score_covariance

VANISHED = 1e-3
"""A lognormal coefficient that moves utility by less than this wants to be of the other sign."""


@dataclass(frozen=True)
class DrawsUsed:
    """The draws of a fit.

    Attributes:
        count: Draws per decider.
        sequence: `halton` or `sobol`.
        scramble: Whether digits are permuted at random.
        seed: Which set of draws.
    """

    count: int = 500
    sequence: Sequences = "halton"
    scramble: bool = True
    seed: int = 0

    def __str__(self) -> str:
        plain = self.sequence == "halton" and not self.scramble
        return f"{self.count:,} {'' if plain else 'scrambled '}{self.sequence.title()} draws"


@dataclass(frozen=True)
class SimulationError:
    """How estimates differ between sets of draws.

    Attributes:
        sets: Sets of draws, that of the fit included.
        params: (P,) standard deviation of the estimates.
        llf: Standard deviation of the maximum of the log-likelihood.
        doubled: (P,) how far estimates move with twice as many draws.
        doubled_llf: How much higher the maximum then is.
    """

    sets: int
    params: Floats
    llf: float
    doubled: Floats
    doubled_llf: float


@dataclass(frozen=True)
class MixedFit:
    """Estimates of a mixed logit.

    Attributes:
        data: The choice sets.
        choices: The same by decider.
        model: What the parameters mean.
        draws: The draws.
        found: The maximum.
        covariance: Covariance of the estimates and what it rests on.
        simulation: How estimates differ between sets of draws; None where it was not asked for.
        fixed_llf: Log-likelihood of the conditional logit.
    """

    data: ChoiceData
    choices: Panel
    model: Coefficients
    draws: DrawsUsed
    found: Found
    covariance: Covariance
    simulation: SimulationError | None
    fixed_llf: float

    @property
    def params(self) -> Floats:
        """(P,) estimates; spreads are positive."""
        return self.found.at.params

    @property
    def bse(self) -> Floats:
        """(P,) standard errors.

        Of spreads, that of the inverse Hessian where it is the larger: near a spread of 0 scores
        vanish, and sandwich errors with them.
        """
        found = np.sqrt(self.covariance.matrix.diagonal())
        plain = np.sqrt(inverse(-self.found.at.hessian).diagonal())
        spreads = self.model.diagonal
        found[spreads] = np.maximum(found, plain)[spreads]
        return found

    @property
    def null_llf(self) -> float:
        """Log-likelihood of equal probabilities."""
        alternatives = self.data.sizes[self.choices.order] + self.data.outside
        weights = np.repeat(self.choices.weights, self.choices.counts())
        return -float(weights @ np.log(alternatives))

    @property
    def llf(self) -> float:
        """Simulated log-likelihood at the estimates."""
        return self.found.at.llf


def fit(
    data: ChoiceData,
    random: Mapping[str, str],
    *,
    deciders: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    correlated: bool = False,
    draws: DrawsUsed | None = None,
    other_sets: int = 4,
    cov_type: CovType | None = None,
    start: Floats | None = None,
) -> MixedFit:
    """Fits a mixed logit by simulated maximum likelihood.

    Args:
        data: The choice sets.
        random: Name of a column -> `normal`, `lognormal`, `negative lognormal` or `triangular`.
        deciders: (rows,) whose choice it is; coefficients are the same in all sets of a decider.
        clusters: (rows,) cluster of each row; one per decider.
        weights: (rows,) weight of the decider.
        correlated: Whether random coefficients are correlated.
        draws: 500 scrambled Halton draws by default.
        other_sets: Further sets of draws from which the simulation error is told; 0 for none.
        cov_type: `jackknife` (the default with up to 100 clusters), `cluster` (the default with
            more), `robust` by decider (the default without) or `nonrobust`, the inverse Hessian.
        start: (P,) where to begin; from the conditional logit by default.

    Raises:
        CollinearityError: If columns are constant or combinations of others within choice sets.
        SeparationError: If columns predict choices perfectly.
        EstimationError: If nothing random is named, or no maximum is found.
    """
    model = coefficients(data.names, random, correlated=correlated)
    if not random:
        raise EstimationError("random names no coefficient: that is a conditional logit.")
    used = draws or DrawsUsed()
    choices = panel(data, deciders, weights)
    codes, n_clusters = clusters_of(data, choices, clusters)
    _check_number(choices.n_deciders, len(model.names))
    fixed = _fixed(data, choices)
    points = _points(model, choices, used)
    first = model.start(fixed.params, choices.scales) if start is None else start
    function = partial(simulated_likelihood, choices, model, points)
    found = _search(function, model, choices.weights, first)
    _check_signs(model, choices, found.at.params)
    errors = _covariance(found, function, choices.weights, cov_type, codes, n_clusters)
    simulation = _simulation(choices, model, used, found, other_sets) if other_sets else None
    return MixedFit(data, choices, model, used, found, errors, simulation, fixed.llf)


def _fixed(data: ChoiceData, choices: Panel) -> Likelihood | Simulated:
    """The conditional logit, with the weights of deciders."""
    plain = estimate(data)
    if (choices.weights == 1).all():
        return plain
    ones = np.ones((choices.n_deciders, 1, 1))
    function = partial(simulated_likelihood, choices, coefficients(data.names, {}), ones)
    return maximise(function, plain.params, choices.weights, data.names).at


def _points(model: Coefficients, choices: Panel, used: DrawsUsed) -> Floats:
    return standard_draws(
        model.shapes,
        choices.n_deciders,
        used.count,
        sequence=used.sequence,
        scramble=used.scramble,
        seed=used.seed,
    )


def _search(function: Function, model: Coefficients, weights: Floats, first: Floats) -> Found:
    """The maximum at which spreads are positive.

    A negative spread is the positive one with its draws mirrored, which are as good.
    """
    found = maximise(function, first, weights, model.names)
    signs = _signs(model, found.at.params)
    at = found.at
    mirrored = Simulated(
        at.params * signs,
        at.llf,
        at.scores * signs,
        at.gradient * signs,
        at.hessian * np.outer(signs, signs),
    )
    return replace(found, at=mirrored)


def _signs(model: Coefficients, params: Floats) -> Floats:
    """(P,) 1, or -1 for parameters of draws whose spread is negative."""
    by_draw = np.append(1.0, np.where(params[model.diagonal] < 0, -1.0, 1.0))
    return by_draw[model.draw]


def _check_number(deciders: int, parameters: int) -> None:
    """Raises EstimationError where there are no more deciders than parameters."""
    if deciders <= parameters:
        raise EstimationError(
            f"{deciders} deciders can't tell of a population with {parameters} parameters. Let "
            "fewer coefficients vary, or leave the panel out if sets are deciders' own."
        )


def _check_signs(model: Coefficients, choices: Panel, params: Floats) -> None:
    """Raises EstimationError for lognormal coefficients that went to 0, where none is a maximum."""
    matrix = model.matrix(params)
    for k in model.lognormal:
        size = np.exp(min(matrix[k, 0] + (matrix[k, 1:] ** 2).sum() / 2, 50.0))
        if size * choices.scales[k] < VANISHED:
            raise EstimationError(
                f"no maximum: the lognormal coefficient of '{model.names[k]}' goes to 0, as the "
                "choices speak for the other sign. 'lognormal' is positive for all deciders, "
                "'negative lognormal' negative."
            )


def _covariance(
    found: Found,
    function: Function,
    weights: Floats,
    cov_type: CovType | None,
    codes: Ints | None,
    n_clusters: int | None,
) -> Covariance:
    """Errors, deciders weighted."""

    def weighted(params: Floats) -> Scored:
        here = function(params)
        return Scored(here.llf, here.scores * weights[:, None])

    return score_covariance(weighted, found.at, cov_type, codes, n_clusters)


def _simulation(
    choices: Panel, model: Coefficients, used: DrawsUsed, found: Found, sets: int
) -> SimulationError:
    """Estimates with other draws, and with twice as many, each one Newton step from these."""
    curve, here = inverse(-found.at.hessian), found.at

    def moved(draws: DrawsUsed) -> tuple[Floats, float]:
        points = _points(model, choices, draws)
        there = simulated_likelihood(choices, model, points, here.params)
        step = curve @ there.gradient
        return step, there.llf + float(step @ there.gradient) / 2 - here.llf

    others = [moved(replace(used, seed=used.seed + k)) for k in range(1, sets + 1)]
    steps = [np.zeros_like(here.params), *(step for step, _ in others)]
    rises = [0.0, *(rise for _, rise in others)]
    doubled, rise = moved(replace(used, count=2 * used.count, seed=used.seed + sets + 1))
    spread = np.std(steps, axis=0, ddof=1)
    return SimulationError(sets + 1, spread, float(np.std(rises, ddof=1)), doubled, rise)
