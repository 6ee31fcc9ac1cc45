"""The nested logit with two levels: alternatives of a nest are closer substitutes than others.

P(j) = exp(V_j / l_m) exp((l_m - 1) I_m) / sum over nests n of exp(l_n I_n) for j in nest m, with
the inclusive value I_m = log sum over the nest of exp(V_k / l_m), and a dissimilarity l_m for each
nest. With l_m = 1 everywhere it is the conditional logit. Reference: McFadden, D. (1978). Modelling
the choice of residential location; Train, K. (2009), Discrete choice methods with simulation, 2nd
ed., chapter 4, whose normalisation this is.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.covariance import Covariance, CovType, cluster_codes
from aces.stats.mixed.search import Found
from aces.stats.scored import Scored, peak, score_covariance

SMALLEST = 0.01
"""Least dissimilarity that is tried: below it a nest is as good as its best alternative."""
STARTS = (1.0, 0.5)
"""Dissimilarities to begin with: the second where the first ends above 1 or nowhere, as the
likelihood need not have one maximum only."""
SIZE = 0.1
"""About how large the standard error of a dissimilarity may be, for differences."""
ADVICE = (
    "A dissimilarity may go to 0 (members of its nest are then the same but for the best of them) "
    "or grow without limit; merge nests, give all one dissimilarity (common=True), or gather more "
    "choices in which a nest has several members."
)


class DissimilarityWarning(UserWarning):
    """A dissimilarity above 1: alternatives of a nest are less alike than others."""


@dataclass(frozen=True)
class Nests:
    """Choice sets whose rows are sorted by nest.

    Attributes:
        x: (rows, K) attributes, dummies of effects among them; the outside option's are 0.
        y: (rows,) outcomes.
        starts: (groups,) first row of each group: the alternatives of one nest in one set.
        sets: (sets,) first group of each set.
        nest: (groups,) index of the group's dissimilarity; -1 where it is 1.
        names: Of the nests that have a dissimilarity.
        alone: Nests without one, as no set holds two of their alternatives.
        common: Whether all nests have the same dissimilarity.
    """

    x: Floats
    y: Floats
    starts: Ints
    sets: Ints
    nest: Ints
    names: tuple[str, ...]
    alone: tuple[str, ...]
    common: bool

    @property
    def group_sizes(self) -> Ints:
        """(groups,) rows of each group."""
        return np.diff(self.starts, append=len(self.y))

    @property
    def set_sizes(self) -> Ints:
        """(sets,) groups of each set."""
        return np.diff(self.sets, append=len(self.starts))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the dissimilarities."""
        return (
            ("dissimilarity",)
            if self.common
            else tuple(f"dissimilarity[{name}]" for name in self.names)
        )


@dataclass(frozen=True)
class NestedFit:
    """Estimates of a nested logit: K coefficients, then dissimilarities.

    Attributes:
        data: The choice sets.
        nests: The same by nest.
        found: The maximum.
        covariance: Covariance of the estimates and what it rests on.
        conditional_llf: Log-likelihood of the conditional logit.
    """

    data: ChoiceData
    nests: Nests
    found: Found
    covariance: Covariance
    conditional_llf: float

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters."""
        return (*self.data.names, *self.nests.parameters)

    @property
    def params(self) -> Floats:
        """(P,) estimates."""
        return self.found.at.params

    @property
    def bse(self) -> Floats:
        """(P,) standard errors."""
        return np.sqrt(self.covariance.matrix.diagonal())

    @property
    def llf(self) -> float:
        """Log-likelihood at the estimates."""
        return self.found.at.llf


def fit(
    data: ChoiceData,
    nests: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    common: bool = False,
    cov_type: CovType | None = None,
) -> NestedFit:
    """Fits a nested logit by maximum likelihood, from the conditional logit on.

    Args:
        data: The choice sets.
        nests: (rows,) nest of each alternative. With `outside` buying nothing is a nest of its own.
        clusters: (rows,) cluster of each row.
        common: Whether all nests have the same dissimilarity.
        cov_type: `jackknife` (the default with up to 100 clusters), `cluster` (the default with
            more), `robust` by choice set (the default without) or `nonrobust`, the inverse Hessian.

    Raises:
        EstimationError: If nests say nothing of substitution, or no maximum is found.
    """
    made = arrange(data, nests, common=common)
    codes, n_clusters = (
        (None, None) if clusters is None else cluster_codes(data, np.asarray(clusters))
    )
    first = estimate(data)
    names, climbed = (*data.names, *made.parameters), partial(likelihood, made)
    sizes = np.append(
        1 / np.sqrt(first.information.diagonal()), np.full(len(made.parameters), SIZE)
    )
    ends, lost = [], []
    for value in STARTS:
        start = np.append(first.params, np.full(len(made.parameters), value))
        try:
            ends.append(peak(climbed, start, sizes, names, ADVICE))
        except EstimationError as error:
            lost.append(error)
        if ends and (ends[0].at.params[data.n_columns :] <= 1).all():
            break
    if not ends:
        raise lost[0]
    found = max(ends, key=lambda end: end.at.llf)
    errors = score_covariance(climbed, found.at, cov_type, codes, n_clusters)
    made_fit = NestedFit(data, made, found, errors, first.llf)
    _warn(made_fit)
    return made_fit


def arrange(data: ChoiceData, nests: ArrayLike, *, common: bool = False) -> Nests:
    """Returns choice sets by nest.

    Args:
        data: The choice sets.
        nests: (rows,) nest of each alternative.
        common: Whether all nests have the same dissimilarity.

    Raises:
        EstimationError: If a nest is missing, or the nests say nothing of substitution.
    """
    labels, codes = _labels(data, np.asarray(nests))
    x, y, sets, codes = _rows(data, codes, len(labels))
    order = np.lexsort((codes, sets))
    x, y, sets, codes = x[order], y[order], sets[order], codes[order]
    new_set = np.append(True, sets[1:] != sets[:-1])
    new_group = new_set | np.append(True, codes[1:] != codes[:-1])
    starts = np.flatnonzero(new_group)
    sizes = np.diff(starts, append=len(y))
    group_codes = codes[starts]
    first_groups = np.searchsorted(starts, np.flatnonzero(new_set))
    several = np.zeros(len(labels) + 1, dtype=bool)
    several[group_codes[sizes > 1]] = True
    _check_apart(sizes, np.diff(first_groups, append=len(starts)))
    kept = np.flatnonzero(several)
    place = np.full(len(several), -1)
    place[kept] = 0 if common else np.arange(len(kept))
    alone = tuple(labels[k] for k in range(len(labels)) if not several[k])
    named = tuple(labels[k] for k in kept)
    return Nests(x, y, starts, first_groups, place[group_codes], named, alone, common)


def likelihood(data: Nests, params: Floats) -> Scored:
    """Returns the log-likelihood at `params` and the score of each set."""
    n_terms = data.x.shape[1]
    beta, free = params[:n_terms], params[n_terms:]
    scores = np.zeros((len(data.sets), len(params)))
    if (free < SMALLEST).any():
        return Scored(-np.inf, scores)
    scale = np.append(free, 1.0)[data.nest]
    inside = _inside(data, beta, scale)
    upper = scale * inside.inclusive
    top = np.maximum.reduceat(upper, data.sets)
    weight = np.exp(upper - np.repeat(top, data.set_sizes))
    total = np.add.reduceat(weight, data.sets)
    share = weight / np.repeat(total, data.set_sizes)  # of each nest
    chosen = np.add.reduceat(data.y, data.starts)  # outcome of each nest
    own = np.add.reduceat(data.y * inside.utility, data.starts)
    bought = np.add.reduceat(chosen, data.sets)
    part = own / scale + (scale - 1) * chosen * inside.inclusive
    llf = float(part.sum() - (bought * (top + np.log(total))).sum())
    left = chosen - np.repeat(bought, data.set_sizes) * share
    # of a nest: y_j / l on its rows, and the rest on its mean
    on_mean = (left - chosen / scale)[:, None] * inside.mean_x
    on_rows = np.add.reduceat(data.y[:, None] * data.x, data.starts) / scale[:, None]
    scores[:, :n_terms] = np.add.reduceat(on_rows + on_mean, data.sets)
    slope = (chosen * inside.mean_utility - own) / scale**2
    slope += left * (inside.inclusive - inside.mean_utility / scale)
    rows = np.repeat(np.arange(len(data.sets)), data.set_sizes)
    kept = data.nest >= 0
    np.add.at(scores, (rows[kept], n_terms + data.nest[kept]), slope[kept])
    return Scored(llf, scores)


@dataclass(frozen=True)
class _Inside:
    """What happens inside nests: utilities by row; the rest by group."""

    utility: Floats
    inclusive: Floats
    mean_x: Floats
    mean_utility: Floats


def _inside(data: Nests, beta: Floats, scale: Floats) -> _Inside:
    utility = data.x @ beta
    scaled = utility / np.repeat(scale, data.group_sizes)
    top = np.maximum.reduceat(scaled, data.starts)
    weight = np.exp(scaled - np.repeat(top, data.group_sizes))
    total = np.add.reduceat(weight, data.starts)
    weight /= np.repeat(total, data.group_sizes)
    return _Inside(
        utility,
        top + np.log(total),
        np.add.reduceat(weight[:, None] * data.x, data.starts),
        np.add.reduceat(weight * utility, data.starts),
    )


def _labels(data: ChoiceData, nests: NDArray[Any]) -> tuple[list[str], Ints]:
    if nests.shape != (len(data.y),):
        raise EstimationError(
            f"nests must have one value per row, shape ({len(data.y)},); found {nests.shape}."
        )
    missing = sum(value is None or value != value for value in nests.tolist())
    if missing:
        raise EstimationError(f"the nest is missing in {missing} rows.")
    found, codes = np.unique(nests.astype(str), return_inverse=True)
    return [str(name) for name in found], codes


def _rows(data: ChoiceData, codes: Ints, outside: int) -> tuple[Floats, Floats, Ints, Ints]:
    """Attributes, outcomes, sets and nests by row, the outside option a row of its own."""
    x = np.zeros((data.n_rows, data.n_columns))
    y, row = np.zeros(data.n_rows), 0
    for block in data.blocks():
        rows = slice(row, row + len(block.y))
        part = np.zeros((len(block.y), data.n_columns))
        part[:, block.columns] = block.x
        x[rows], y[rows] = part, block.y
        row += len(block.y)
    nest = data.at_rows(codes, 0, data.n_sets)
    sets = np.repeat(np.arange(data.n_sets), data.sizes)
    if not data.outside:
        return x, y, sets, nest
    left = 1 - np.add.reduceat(y, data.starts)
    every = np.arange(data.n_sets)
    return (
        np.vstack([x, np.zeros((data.n_sets, data.n_columns))]),
        np.append(y, np.maximum(left, 0.0)),
        np.append(sets, every),
        np.append(nest, np.full(data.n_sets, outside)),
    )


def _check_apart(sizes: Ints, groups: Ints) -> None:
    """Raises EstimationError where nests say nothing."""
    if (sizes == 1).all():
        raise EstimationError(
            "no choice set holds two alternatives of one nest, so that nests say nothing of "
            "substitution: that is a conditional logit."
        )
    if (groups == 1).all():
        raise EstimationError(
            "each choice set lies in one nest, so that its dissimilarity can't be told from the "
            "scale of utility: that is a conditional logit."
        )


def _warn(fit: NestedFit) -> None:
    found = dissimilarities(fit)
    above = [f"{name} {value:.3g}" for name, value in found.items() if value > 1]
    if above:
        warnings.warn(
            f"dissimilarity above 1: {', '.join(above)}. Alternatives of such a nest are less "
            "alike than those of different nests; beyond some utilities no maximising of utility "
            "gives such choices.",
            DissimilarityWarning,
            stacklevel=3,
        )


def dissimilarities(fit: NestedFit) -> Mapping[str, float]:
    """Returns the dissimilarity of each nest that has one."""
    free = fit.params[fit.data.n_columns :]
    if fit.nests.common:
        return dict.fromkeys(fit.nests.names, float(free[0]))
    return {name: float(value) for name, value in zip(fit.nests.names, free, strict=True)}
