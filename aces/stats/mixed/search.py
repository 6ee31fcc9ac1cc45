"""The search for the maximum of a simulated likelihood: quasi-Newton first, Newton at the end.

References: Berndt, Hall, Hall and Hausman (1974), whose sum of squared scores is the first
curvature; Broyden, Fletcher, Goldfarb and Shanno (1970) for what steps teach of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.covariance import inverse
from aces.stats.mixed.likelihood import Simulated

NEAR = 0.05
"""Decrement (squared distance to the maximum in standard errors) at which Newton takes over."""
TOLERANCE = 1e-10
"""Decrement at which the search ends."""
QUASI_STEPS, NEWTON_STEPS = 200, 30
ARMIJO = 1e-4
ADVICE = (
    "The choices may not say how much it varies: let fewer coefficients vary, name the panel, or "
    "check the sign of a lognormal coefficient."
)

Function = Callable[..., Simulated]


@dataclass(frozen=True)
class Found:
    """A maximum.

    Attributes:
        at: The likelihood there, with its Hessian.
        steps: Steps taken.
        decrement: What is left: the squared distance to the maximum in standard errors.
    """

    at: Simulated
    steps: int
    decrement: float

    @property
    def gradient_norm(self) -> float:
        """Largest element of the gradient."""
        return float(np.abs(self.at.gradient).max())


def maximise(
    function: Function,
    start: Floats,
    weights: Floats,
    names: tuple[str, ...],
    advice: str = ADVICE,
) -> Found:
    """Climbs a log-likelihood.

    Args:
        function: Likelihood at (P,) parameters; with `hessian=True` it has its Hessian.
        start: (P,) where to begin.
        weights: (N,) weights of deciders.
        names: Names of the parameters, for messages.
        advice: What to say where there is no maximum.

    Raises:
        EstimationError: If no maximum is found.
    """
    here, steps = _quasi_newton(function, function(start), weights)
    for _ in range(NEWTON_STEPS):
        here = function(here.params, hessian=True)
        step, certain = _newton_step(here, weights)
        decrement = float(step @ here.gradient)
        if certain and decrement < TOLERANCE:
            return Found(here, steps, decrement)
        there = _climb(function, here, step)
        if there is None:
            break
        here, steps = there, steps + 1
    raise EstimationError(_lost(function, here, names, advice))


def square_scores(at: Simulated, weights: Floats) -> Floats:
    """Returns (P, P) sums of products of scores."""
    return np.asarray((at.scores * weights[:, None]).T @ at.scores)


def _quasi_newton(function: Function, here: Simulated, weights: Floats) -> tuple[Simulated, int]:
    """The point after steps by BFGS, whose first curvature are squared scores."""
    curve = _inverse(square_scores(here, weights))
    for done in range(QUASI_STEPS):
        step = curve @ here.gradient
        if step @ here.gradient < NEAR:
            return here, done
        there = _climb(function, here, step)
        if there is None:
            return here, done
        moved, turned = there.params - here.params, here.gradient - there.gradient
        if moved @ turned > 1e-10 * np.sqrt((moved @ moved) * (turned @ turned)):
            curve = _updated(curve, moved, turned)
        here = there
    return here, QUASI_STEPS


def _updated(curve: Floats, moved: Floats, turned: Floats) -> Floats:
    """The inverse curvature after a step by `moved` that took `turned` from the gradient."""
    rho = 1.0 / (moved @ turned)
    left = np.eye(len(moved)) - rho * np.outer(moved, turned)
    return np.asarray(left @ curve @ left.T + rho * np.outer(moved, moved))


def _newton_step(here: Simulated, weights: Floats) -> tuple[Floats, bool]:
    """The step, and whether the Hessian is that of a maximum; squared scores serve if not."""
    information = -here.hessian
    scale = np.sqrt(np.abs(information.diagonal()).clip(1e-300))
    certain = np.linalg.eigvalsh(information / np.outer(scale, scale))[0] > 1e-9
    curve = _inverse(information if certain else square_scores(here, weights))
    return curve @ here.gradient, bool(certain)


def _inverse(information: Floats) -> Floats:
    """The inverse, with a little added where scores say nothing of a direction."""
    ridge = np.diag(1e-9 * information.diagonal() + 1e-300)
    return inverse(information + ridge)


def _climb(function: Function, here: Simulated, step: Floats) -> Simulated | None:
    """The likelihood after the step, shortened until it leads up enough; None if it never does."""
    slope = float(step @ here.gradient)
    slack = 1e-11 * abs(here.llf)
    for halvings in range(25):
        part = 0.5**halvings
        there = function(here.params + part * step)
        if np.isfinite(there.llf) and there.llf >= here.llf + ARMIJO * part * slope - slack:
            return there
    return None


def _lost(function: Function, here: Simulated, names: tuple[str, ...], advice: str) -> str:
    """What to say where there is no maximum."""
    if not here.hessian.size:
        here = function(here.params, hessian=True)
    values, vectors = np.linalg.eigh(here.hessian)
    flat = names[int(np.abs(vectors[:, -1]).argmax())]
    return (
        f"no maximum of the likelihood was found: the greatest element of the gradient "
        f"is {np.abs(here.gradient).max():.3g}, the Hessian's largest eigenvalue {values[-1]:.3g}, "
        f"mostly of '{flat}'. {advice}"
    )
