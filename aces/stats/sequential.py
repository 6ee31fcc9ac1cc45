"""Intervals and tests that hold however often one looks, and stops.

An estimate with a standard error from n independent units is taken for a sum of n terms; the
normal mixture of its likelihood ratios bounds the chance of ever being wrong.

References: Robbins, H. (1970), Statistical methods related to the law of the iterated logarithm,
Annals of Mathematical Statistics 41, 1397-1409; Johari, R., Koomen, P., Pekelis, L. and Walsh, D.
(2022), Always valid inference, Operations Research 70, 1806-1821 (the test); Waudby-Smith, I.,
Arbour, D., Sinha, R., Kennedy, E. H. and Ramdas, A. (2024), Time-uniform central limit theory and
asymptotic confidence sequences, Annals of Statistics 52, 2613-2640, theorem 2.2 (the interval, for
estimated variances).
"""

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice_data import Floats


def mixing_rate(best_at: float, alpha: float = 0.05) -> float:
    """Returns the rate r that makes an always-valid interval about narrowest after so many units.

    It must be fixed before the data are seen.

    Args:
        best_at: Units at which the interval should be narrowest.
        alpha: Chance of ever being wrong.
    """
    logs = -2 * np.log(alpha)
    return float((logs + np.log1p(logs)) / best_at)


def always_valid_radius(
    std_error: ArrayLike, n: ArrayLike, rate: float, alpha: float = 0.05
) -> Floats:
    """Returns half the width of intervals that all hold at once, at every n, but for `alpha`.

    Args:
        std_error: Standard error of the estimate after n units.
        n: Independent units seen.
        rate: As `mixing_rate` gives it.
        alpha: Chance that any of the intervals misses.
    """
    weight = np.asarray(n, dtype=float) * rate
    factor = (1 + 1 / weight) * (np.log1p(weight) - 2 * np.log(alpha))
    return np.asarray(np.asarray(std_error, dtype=float) * np.sqrt(factor))


def always_valid_p(statistic: ArrayLike, n: ArrayLike, rate: float) -> Floats:
    """Returns p-values of which the least over all looks is a p-value still.

    Args:
        statistic: Estimate minus hypothesis, over its standard error, after n units.
        n: Independent units seen.
        rate: As `mixing_rate` gives it.
    """
    weight = np.asarray(n, dtype=float) * rate
    square = np.square(np.asarray(statistic, dtype=float))
    log_p = 0.5 * np.log1p(weight) - 0.5 * square * weight / (1 + weight)
    return np.asarray(np.exp(np.minimum(log_p, 0.0)))


def difference_of_means(y: ArrayLike, treated: ArrayLike) -> tuple[float, float]:
    """Returns the mean of the treated minus that of the others, and its standard error.

    Args:
        y: (units,) outcomes.
        treated: (units,) whether the unit was treated.

    Raises:
        EstimationError: If either group has fewer than two units.
    """
    values, which = np.asarray(y, dtype=float), np.asarray(treated, dtype=bool)
    one, other = values[which], values[~which]
    if min(len(one), len(other)) < 2:
        raise EstimationError(
            f"a difference needs two units in each group, found {len(one)} and {len(other)}."
        )
    variance = one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)
    return float(one.mean() - other.mean()), float(np.sqrt(variance))
