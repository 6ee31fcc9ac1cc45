"""The simulated log-likelihood of a mixed logit, its scores and its Hessian.

Deciders come one by one, so that what is computed for all draws of one stays in the cache.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aces.stats.choice_data import Floats
from aces.stats.mixed.coefficients import Coefficients
from aces.stats.mixed.panel import Panel

LARGEST = 300.0
"""Utilities above that of the choice count as so much: e^300 is the end of the world, not inf."""


@dataclass(frozen=True)
class Simulated:
    """The log-likelihood at one point, with P parameters and N deciders.

    Attributes:
        params: (P,) the point.
        llf: Simulated log-likelihood there.
        scores: (N, P) derivative of each decider's log-likelihood, without weights.
        gradient: (P,) its gradient.
        hessian: (P, P) its Hessian; empty where it was not asked for.
    """

    params: Floats
    llf: float
    scores: Floats
    gradient: Floats
    hessian: Floats


def simulated_likelihood(
    data: Panel, model: Coefficients, draws: Floats, params: Floats, *, hessian: bool = False
) -> Simulated:
    """Returns the simulated log-likelihood at `params`.

    Args:
        data: The choices.
        model: What the parameters mean.
        draws: (deciders, Q, R) standard draws.
        params: (P,) parameters.
        hessian: Whether to compute the Hessian, for the time of some four gradients.
    """
    size = len(params)
    matrix = model.matrix(params)
    llf, total = 0.0, np.zeros((size, size) if hessian else (0, 0))
    scores = np.zeros((data.n_deciders, size))
    room = np.empty((int(data.counts().max()) * data.others.shape[1], draws.shape[2]))
    for n in range(data.n_deciders):
        own = _Decider(data, model, draws[n], matrix, n, room)
        weight = data.weights[n]
        llf += weight * own.llf
        scores[n] = own.score
        if hessian:
            total += weight * (own.second() - np.outer(own.score, own.score))
    return Simulated(params, float(llf), scores, data.weights @ scores, total)


class _Decider:
    """What one decider's choices say, draw by draw: T sets, J others, K attributes, R draws."""

    def __init__(
        self,
        data: Panel,
        model: Coefficients,
        draws: Floats,
        matrix: Floats,
        n: int,
        room: Floats,
    ) -> None:
        first, last = data.starts[n], data.starts[n + 1]
        self.x = data.others[first:last]
        self.model, self.draws = model, draws
        self.coefficients = model.of_draws(matrix, draws)
        absent = None if data.absent is None else data.absent[first:last]
        kernel = self._probabilities(absent, room)
        top = kernel.max()
        density = np.exp(kernel - top)
        self.llf = float(top + np.log(density.mean()))
        self.weights = density / density.sum()
        t, j, k = self.x.shape
        self.slopes = -(self.x.reshape(t * j, k).T @ self.p.reshape(t * j, -1))
        self.jacobian = self.slopes.copy()  # by the index of each coefficient
        for c in model.lognormal:
            self.jacobian[c] *= self.coefficients[c]
        sums = (self.jacobian * self.weights) @ draws.T
        self.score = sums[model.column, model.draw]

    def _probabilities(self, absent: NDArray[np.bool_] | None, room: Floats) -> Floats:
        """Sets `p` (T, J, R), probabilities of others; returns (R,) log-probability of choices."""
        t, j, k = self.x.shape
        odds = room[: t * j]
        np.matmul(self.x.reshape(t * j, k), self.coefficients, out=odds)
        np.minimum(odds, LARGEST, out=odds)
        np.exp(odds, out=odds)
        self.p = odds.reshape(t, j, -1)
        if absent is not None:
            self.p[absent] = 0.0
        total = 1.0 + self.p.sum(axis=1)
        self.p /= total[:, None]
        return np.asarray(-np.log(total).sum(axis=0))

    def second(self) -> Floats:
        """Returns (P, P) the mean over draws of Hessian plus squared score."""
        model, size = self.model, len(self.slopes)
        inner = self.slopes[:, None] * self.slopes[None] - self._information()
        for c in model.lognormal:
            inner[c] *= self.coefficients[c]
            inner[:, c] *= self.coefficients[c]
        for c in model.lognormal:  # the exponential bends
            inner[c, c] += self.jacobian[c]
        inner *= self.weights
        pairs = (self.draws[:, None] * self.draws[None]).reshape(-1, self.draws.shape[1])
        sums = (inner.reshape(size * size, -1) @ pairs.T).reshape(size, size, *2 * [model.n_draws])
        c, q = model.column, model.draw
        return np.asarray(sums[c[:, None], c[None], q[:, None], q[None]])

    def _information(self) -> Floats:
        """(K, K, R) minus the Hessian of each draw's log-probability."""
        t, j, k = self.x.shape
        squares = (self.x[..., :, None] * self.x[..., None, :]).reshape(t * j, k * k)
        found = (squares.T @ self.p.reshape(t * j, -1)).reshape(k, k, -1)
        for x, p in zip(self.x, self.p, strict=True):
            mean = x.T @ p
            found -= mean[:, None] * mean[None]
        return np.asarray(found)
