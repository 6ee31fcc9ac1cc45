"""Quantiles, p-values and Fieller's sets."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.stats.intervals import critical_value, fieller, p_values


def test_quantiles_and_p_values():
    assert_allclose(critical_value(), 1.959963985)
    assert_allclose(critical_value(0.95, df=9), 2.262157163)
    assert_allclose(p_values([0.0, 1.959963985, -2.262157163]), [1, 0.05, 0.023688], atol=1e-6)
    assert_allclose(p_values(-2.262157163, df=9), 0.05, atol=1e-9)


@pytest.mark.parametrize(
    ("numerator", "denominator", "shape"),
    [(2.0, 5.0, "interval"), (3.0, 1.0, "rays"), (0.5, 0.5, "line")],
)
def test_fieller_sets_hold_exactly_the_ratios_that_are_not_rejected(numerator, denominator, shape):
    variances, covariance, critical = (1.0, 1.0), 0.3, 1.96
    found = fieller(numerator, denominator, variances, covariance, critical)
    ratios = np.linspace(-20, 20, 4001)
    spread = variances[0] - 2 * ratios * covariance + ratios**2 * variances[1]
    accepted = (numerator - ratios * denominator) ** 2 <= critical**2 * spread
    inside = (ratios >= found.low) & (ratios <= found.high)
    assert found.shape == shape
    assert_allclose(accepted, ~inside if shape == "rays" else inside)


@pytest.mark.slow
@pytest.mark.parametrize("strength", [2, 3, 5])
def test_fieller_covers_however_weak_the_price(strength):
    """Statistics.md: delta .87 .91 .94, Fieller .95 throughout."""
    rng = np.random.default_rng(strength)
    b, b_price, covered = 0.67 * strength, -float(strength), 0
    for _ in range(4000):
        top, bottom = rng.multivariate_normal([b, b_price], [[1, 0.3], [0.3, 1]])
        found = fieller(top, bottom, (1, 1), 0.3, 1.96)
        inside = found.low <= b / b_price <= found.high
        covered += inside if found.shape != "rays" else not inside
    assert 0.94 < covered / 4000 < 0.96
