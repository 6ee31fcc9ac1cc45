"""Is an effect too small to matter? Two one-sided tests against a smallest effect of interest.

Reference: Schuirmann, D. J. (1987), A comparison of the two one-sided tests procedure and the power
approach for assessing the equivalence of average bioavailability, Journal of Pharmacokinetics and
Biopharmaceutics 15, 657-680.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice_data import Floats
from aces.stats.intervals import critical_value, p_values

Verdict = Literal["absent", "present", "present, too small to matter", "undecided"]


@dataclass(frozen=True)
class Equivalence:
    """What (K,) estimates say about effects beyond (low, high).

    Attributes:
        p_value: (K,) of the two one-sided tests: small where the effect lies within the bounds.
        low: (K,) lower limit of the 1 - 2 alpha interval, which lies within the bounds exactly
            where `p_value` is below alpha.
        high: (K,) its upper limit.
        verdicts: (K,) of both tests together, that of no effect and that of equivalence.
    """

    p_value: Floats
    low: Floats
    high: Floats
    verdicts: tuple[Verdict, ...]


def equivalence(
    estimates: ArrayLike,
    std_errors: ArrayLike,
    smallest: float | tuple[float, float],
    *,
    alpha: float = 0.05,
    df: float = np.inf,
) -> Equivalence:
    """Tests whether effects lie within the bounds of what does not matter.

    It is as good as the errors it is given: those of a difference of rare shares (3 and 5 %) from
    10 worlds an arm are often too small, and absence is found 11 % of the time where it is not.

    Args:
        estimates: (K,) estimates.
        std_errors: (K,) their standard errors.
        smallest: Smallest effect of interest, either way; or its lower and upper bound.
        alpha: Level of each test.
        df: Degrees of freedom of t; infinite for the normal.

    Raises:
        EstimationError: If the bounds do not lie on either side of 0, or an error is not positive.
    """
    bounds = smallest if isinstance(smallest, tuple) else (-smallest, smallest)
    value, error = np.atleast_1d(estimates).astype(float), np.atleast_1d(std_errors).astype(float)
    if not bounds[0] < 0 < bounds[1]:
        raise EstimationError(f"what does not matter must lie about 0, found {bounds}.")
    if not (error > 0).all():
        raise EstimationError("standard errors must be positive.")
    p = np.maximum(_above((bounds[0] - value) / error, df), _above((value - bounds[1]) / error, df))
    half = critical_value(1 - 2 * alpha, df) * error
    differs = p_values(value / error, df) < alpha
    verdicts = tuple(_verdict(bool(d), bool(e)) for d, e in zip(differs, p < alpha, strict=True))
    return Equivalence(p, value - half, value + half, verdicts)


def _above(statistic: Floats, df: float) -> Floats:
    """p-value of a test that rejects where the statistic is far below 0."""
    two_sided = p_values(statistic, df)
    return np.where(statistic < 0, two_sided / 2, 1 - two_sided / 2)


def _verdict(differs: bool, within: bool) -> Verdict:
    if differs:
        return "present, too small to matter" if within else "present"
    return "absent" if within else "undecided"
