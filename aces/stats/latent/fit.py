"""Latent classes fitted: estimates, errors, shares, and who is of which class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aces.errors import EstimationError
from aces.seeds import Stream
from aces.stats.choice import estimate
from aces.stats.choice_data import ChoiceData, Floats
from aces.stats.covariance import Covariance, CovType
from aces.stats.latent.model import Deciders, Layout
from aces.stats.latent.turns import turns
from aces.stats.mixed.panel import Panel, clusters_of, of_deciders, of_sets, panel
from aces.stats.mixed.search import Found
from aces.stats.scored import peak, score_covariance

SAME = 1e-3
"""Difference of log-likelihoods below which two starts ended at the same maximum."""
SUREST = 12.0
"""Log-odds of membership beyond which a group of deciders is of one class only."""
MEMBERSHIP = "what membership depends on"
ADVICE = "Take fewer classes, or let fewer coefficients differ between them (common)."


@dataclass(frozen=True)
class LatentFit:
    """Estimates of a latent class logit, classes by size.

    Attributes:
        data: The choice sets.
        deciders: The same by decider.
        labels: (N,) name of each decider.
        found: The maximum.
        covariance: Covariance of the estimates and what it rests on.
        ends: Log-likelihood at which each start ended; NaN where a coefficient ran away.
    """

    data: ChoiceData
    deciders: Deciders
    labels: NDArray[Any]
    found: Found
    covariance: Covariance
    ends: Floats

    @property
    def layout(self) -> Layout:
        """What the parameters mean."""
        return self.deciders.layout

    @property
    def params(self) -> Floats:
        """(P,) estimates."""
        return self.found.at.params

    @property
    def llf(self) -> float:
        """Log-likelihood at the estimates."""
        return self.found.at.llf

    @property
    def agreeing(self) -> int:
        """Starts that ended at the maximum."""
        return int((self.ends > np.nanmax(self.ends) - SAME).sum())

    def shares(self) -> tuple[Floats, Floats]:
        """Returns (C,) shares of the classes among deciders and (C, P) their derivatives."""
        _, gamma = self.layout.split(self.params)
        prior = np.exp(self.deciders.log_membership(gamma))
        weights = self.deciders.choices.weights / self.deciders.choices.weights.sum()
        slopes = np.zeros((self.layout.classes, len(self.params)))
        for c in range(self.layout.classes):
            apart = (np.arange(self.layout.classes) == c)[None, 1:] - prior[:, 1:]
            each = (weights * prior[:, c])[:, None] * apart
            slopes[c, self.layout.n_coefficients :] = (each.T @ self.deciders.z).ravel()
        return weights @ prior, slopes

    def posterior(self) -> Floats:
        """Returns (N, C) chances of each decider to be in each class, given its choices."""
        return self.deciders.posterior(self.params)[0]


def fit(
    data: ChoiceData,
    classes: int = 2,
    *,
    deciders: ArrayLike | None = None,
    membership: Floats | None = None,
    membership_names: Sequence[str] = (),
    common: Sequence[str] = (),
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    starts: int = 10,
    seed: int = 0,
    order: str | None = None,
    cov_type: CovType | None = None,
) -> LatentFit:
    """Fits a latent class logit.

    Args:
        data: The choice sets, with choices 0 or 1.
        classes: How many classes, at least 2.
        deciders: (rows,) whose choice it is; each set has its own decider by default.
        membership: (rows, M - 1) what membership depends on beside the constant, the same in all
            rows of a decider.
        membership_names: Of its columns.
        common: Columns whose coefficient all classes share.
        clusters: (rows,) cluster of each row; it holds whole deciders.
        weights: (rows,) weight of the decider.
        starts: How many starts.
        seed: Of the starts.
        order: Classes are ordered by size, or by their coefficient of this column, least first.
        cov_type: `nonrobust` (the default without clusters: the observed information), `robust` by
            decider, `jackknife` (the default with up to 100 clusters) or `cluster` (with more).

    Raises:
        EstimationError: If there are too few deciders, classes run away, or no maximum is found.
    """
    choices = panel(data, deciders, weights)
    z = _known(data, choices, membership)
    names = tuple(membership_names) or tuple(f"z{m}" for m in range(1, z.shape[1]))
    layout = Layout(classes, data.names, _columns(data, common), ("1", *names))
    made = Deciders(choices, z, layout)
    _check(made, starts, order)
    codes, n_clusters = clusters_of(data, choices, clusters)
    single = estimate(data)
    rng = Stream(seed, "latent classes", classes).generator()
    ended = [turns(made, single.params, rng) for _ in range(starts)]
    best = max((one for one in ended if one), key=lambda one: one[1], default=None)
    if best is None:
        raise EstimationError(
            f"coefficients of a class ran away from all {starts} starts. {ADVICE}"
        )
    first = _ordered(made, best[0], order)
    _check_membership(made, first)
    found = _peak(made, first, 1 / np.sqrt(single.information.diagonal()), order)
    kind = cov_type or ("nonrobust" if codes is None else None)
    errors = score_covariance(made.likelihood, found.at, kind, codes, n_clusters)
    ends = np.array([one[1] if one else np.nan for one in ended])
    return LatentFit(data, made, _labels(data, choices, deciders), found, errors, ends)


def one_class(data: ChoiceData, choices: Panel) -> Found:
    """Returns the maximum with a single class: the conditional logit, deciders weighted.

    Args:
        data: The choice sets.
        choices: The same by decider.
    """
    plain = estimate(data)
    layout = Layout(1, data.names, (), ("1",))
    single = Deciders(choices, np.ones((choices.n_deciders, 1)), layout)
    sizes = layout.sizes(1 / np.sqrt(plain.information.diagonal()))
    return peak(single.likelihood, plain.params, sizes, layout.names, ADVICE)


def _peak(data: Deciders, start: Floats, errors: Floats, order: str | None) -> Found:
    """The maximum near by, with classes in order there."""
    sizes, names = data.layout.sizes(errors), data.layout.names
    found = peak(data.likelihood, start, sizes, names, ADVICE)
    again = _ordered(data, found.at.params, order)
    if np.array_equal(again, found.at.params):
        return found
    return peak(data.likelihood, again, sizes, names, ADVICE)


def _ordered(data: Deciders, params: Floats, order: str | None) -> Floats:
    """The same parameters with classes in order."""
    layout = data.layout
    beta, gamma = layout.split(params)
    if order is None:
        shares = data.choices.weights @ np.exp(data.log_membership(gamma))
        ranks = np.argsort(-shares, kind="stable")
    else:
        ranks = np.argsort(beta[:, layout.terms.index(order)], kind="stable")
    return layout.join(beta[ranks], gamma[ranks])


def _columns(data: ChoiceData, common: Sequence[str]) -> tuple[int, ...]:
    for name in common:
        if name not in data.names:
            raise EstimationError(f"common names '{name}', which is no term of the model.")
    return tuple(k for k, name in enumerate(data.names) if name in common)


def _known(data: ChoiceData, choices: Panel, membership: Floats | None) -> Floats:
    """(N, M) what is known of each decider, a constant first."""
    n = choices.n_deciders
    if membership is None:
        return np.ones((n, 1))
    given = [
        of_deciders(of_sets(data, column, MEMBERSHIP), choices, MEMBERSHIP)
        for column in np.asarray(membership, dtype=float).T
    ]
    known = np.column_stack([np.ones(n), *given])
    if np.linalg.matrix_rank(known - [0, *known[:, 1:].mean(axis=0)]) < known.shape[1]:
        raise EstimationError(
            "what membership depends on is the same for all deciders, or a combination of itself."
        )
    return known


def _labels(data: ChoiceData, choices: Panel, deciders: ArrayLike | None) -> NDArray[Any]:
    if deciders is None:
        return data.ids
    return of_deciders(of_sets(data, deciders, "the panel"), choices, "the panel")


def _check(data: Deciders, starts: int, order: str | None) -> None:
    layout = data.layout
    if layout.classes < 2:
        raise EstimationError("latent classes are at least 2; one class is a conditional logit.")
    if starts < 1:
        raise EstimationError("there must be at least one start.")
    if not layout.differing:
        raise EstimationError("all terms are common, so that classes would not differ.")
    if order is not None and order not in [layout.terms[k] for k in layout.differing]:
        raise EstimationError(f"classes can't be ordered by '{order}', which does not differ.")
    deciders = data.choices.n_deciders
    if deciders < 2 * layout.classes * len(layout.membership):
        raise EstimationError(
            f"{deciders} deciders can't tell of {layout.classes} classes with "
            f"{len(layout.membership)} membership coefficients each. Take fewer, or leave the "
            "panel out if sets are deciders' own."
        )


def _check_membership(data: Deciders, params: Floats) -> None:
    """Raises EstimationError where deciders with some trait are all of one class."""
    _, gamma = data.layout.split(params)
    worth = data.z @ gamma.T
    apart = np.abs(worth - worth[:, [0]])
    if apart.max() < SUREST:
        return
    row, c = np.unravel_index(int(apart.argmax()), apart.shape)
    known = [
        f"{name} = {value:g}"
        for name, value in zip(data.layout.membership[1:], data.z[row, 1:], strict=True)
    ]
    raise EstimationError(
        f"deciders with {', '.join(known) or 'anything'} are all in one class, or never in class "
        f"{c + 1}, so that log-odds of membership have no finite maximum. Leave that out of the "
        "membership, or estimate these deciders apart."
    )
