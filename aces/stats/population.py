"""Choice probabilities of a population of shoppers on any shelf, and how they follow utility.

One form holds all choice models here. Shoppers are of types r with weights w_r and coefficients
b_r, and choose by a logit or, with nests, by a nested logit:

    P(j) = sum over r of w_r P_r(j)

A conditional logit has one type, a latent class logit one for each class, a mixed logit one for
each draw of its coefficients. Within a type, with V_k the utility of k in nest m(k), l the
dissimilarity of a nest and P(k | m) the probability of k given its nest,

    dP(j) / dV_k = P(j) (1{j = k} / l + 1{m(j) = m(k)} (l - 1) / l P(k | m) - P(k))

which for l = 1 is the logit's. Reference: Train (2009), Discrete choice methods with simulation,
chapters 3, 4 and 6. Arrays of shelves are (shelves S, places J, types R); what is not there has
utility minus infinity.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from aces.stats.choice_data import Floats, Ints
from aces.stats.latent.fit import LatentFit
from aces.stats.mixed.draws import standard_draws
from aces.stats.mixed.fit import MixedFit
from aces.stats.nested import NestedFit

ALONE = np.ones(1)
"""Dissimilarities where there are no nests."""


@dataclass(frozen=True)
class Population:
    """Who shops.

    Attributes:
        weights: (R,) share of each type; they sum to 1.
        coefficients: (K, R) of each type.
        dissimilarities: (M + 1,) of each nest, and 1 for what is in none.
    """

    weights: Floats
    coefficients: Floats
    dissimilarities: Floats = field(default_factory=lambda: ALONE)


PopulationOf: TypeAlias = Callable[[Floats], Population]
"""(P,) parameters of a model -> the population."""


def one_type(params: Floats) -> Population:
    """Returns the population of a conditional logit."""
    return Population(np.ones(1), params[:, None])


def nested(fit: NestedFit) -> PopulationOf:
    """Returns the populations of a nested logit: one type, with a dissimilarity for each nest."""
    terms, nests = fit.data.n_columns, len(fit.nests.names)

    def population(params: Floats) -> Population:
        free = np.broadcast_to(params[terms:], nests)  # one for all where it is common
        return Population(np.ones(1), params[:terms, None], np.append(free, 1.0))

    return population


def latent(fit: LatentFit) -> PopulationOf:
    """Returns the populations of a latent class logit: shares of classes are the deciders' mean."""
    deciders = fit.deciders
    own = deciders.choices.weights / deciders.choices.weights.sum()

    def population(params: Floats) -> Population:
        beta, gamma = fit.layout.split(params)
        return Population(own @ np.exp(deciders.log_membership(gamma)), beta.T)

    return population


def mixed(fit: MixedFit) -> PopulationOf:
    """Returns the populations of a mixed logit: as many types as the fit has draws per decider.

    Draws are of the same sequence and seed, and the same for all shelves and parameters, so that
    shares are smooth in the parameters and what differs between scenarios is not the draw.
    """
    used, model = fit.draws, fit.model
    (draws,) = standard_draws(
        model.shapes,
        1,
        used.count,
        sequence=used.sequence,
        scramble=used.scramble,
        seed=used.seed,
    )
    weights = np.full(used.count, 1 / used.count)

    def population(params: Floats) -> Population:
        return Population(weights, model.of_draws(model.matrix(params), draws))

    return population


def mean_coefficients(fit: MixedFit, params: Floats) -> Floats:
    """Returns (K,) means of a mixed logit's coefficients between deciders, exactly.

    Args:
        fit: The model.
        params: (P,) its parameters.
    """
    model = fit.model
    matrix = model.matrix(params)
    found = matrix[:, 0].copy()
    for k in model.lognormal:
        found[k] = model.signs[k] * np.exp(matrix[k, 0] + (matrix[k, 1:] ** 2).sum() / 2)
    return found


@dataclass(frozen=True)
class Chances:
    """What each type would buy.

    Attributes:
        weights: (R,) share of each type.
        p: (S, J, R) choice probabilities.
        log_sums: (S, R) expected greatest utility of a shelf, but for a constant.
        within: (S, J, R) probabilities given the nest; None without nests.
        nests: (S, J) nest of each listing; None without.
        scales: (S, J) dissimilarity of each one's nest; None without.
    """

    weights: Floats
    p: Floats
    log_sums: Floats
    within: Floats | None = None
    nests: Ints | None = None
    scales: Floats | None = None

    @cached_property
    def shares(self) -> Floats:
        """(S, J) choice probabilities of the population."""
        return np.asarray(self.p @ self.weights)

    def responses(self, slopes: Floats) -> Floats:
        """Returns (S, J, J) how the share of j follows what moves the utility of k.

        Args:
            slopes: (S, J, R) derivative of each listing's utility by what moves it.
        """
        heavy = self.p * self.weights
        found = -heavy @ (self.p * slopes).transpose(0, 2, 1)
        own = (heavy * slopes).sum(axis=2)
        if self.within is not None and self.nests is not None and self.scales is not None:
            same = self.nests[:, :, None] == self.nests[:, None]
            pull = (1 - 1 / self.scales)[:, None] * same
            found += pull * (heavy @ (self.within * slopes).transpose(0, 2, 1))
            own = own / self.scales
        every = np.arange(found.shape[1])
        found[:, every, every] += own
        return np.asarray(found)


def chances(
    population: Population, utility: Floats, nests: Ints | None = None, *, outside: bool = False
) -> Chances:
    """Returns what each type would buy from shelves.

    Args:
        population: Who shops.
        utility: (S, J, R) utilities; minus infinity for what can't be bought.
        nests: (S, J) nest of each listing, the last for those in none; None without nests.
        outside: Whether buying nothing, of utility 0, is an alternative.
    """
    if nests is None:
        p, log_sums = _logit(utility, outside=outside)
        return Chances(population.weights, p, log_sums)
    scales = population.dissimilarities
    within = np.zeros_like(utility)
    worth = np.full((len(utility), len(scales), utility.shape[2]), -np.inf)
    for m, scale in enumerate(scales):
        there = (nests == m)[:, :, None]
        p, inclusive = _logit(np.where(there, utility / scale, -np.inf))
        within += np.where(there, p, 0.0)
        worth[:, m] = scale * inclusive
    of_nest, log_sums = _logit(worth, outside=outside)
    p = within * np.take_along_axis(of_nest, nests[:, :, None], axis=1)
    return Chances(population.weights, p, log_sums, within, nests, scales[nests])


def _logit(utility: Floats, *, outside: bool = False) -> tuple[Floats, Floats]:
    """Probabilities along the second axis, and the log-sum; of nothing 0 and minus infinity."""
    top = utility.max(axis=1, keepdims=True)
    top = np.maximum(top, 0.0 if outside else -1e300)
    weight = np.exp(utility - top)
    total = weight.sum(axis=1, keepdims=True) + (np.exp(-top) if outside else 0.0)
    some = total > 0
    log_sum = np.log(total, out=np.full_like(total, -np.inf), where=some) + top
    return weight / np.where(some, total, 1.0), log_sum[:, 0]
