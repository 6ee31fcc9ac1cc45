"""Adjusted p-values against statsmodels, families, and tests that could not be made."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.multiplicity import benjamini_hochberg, by_family, holm


@pytest.mark.parametrize(("adjust", "method"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@pytest.mark.parametrize("tests", [1, 2, 40])
def test_statsmodels_finds_the_same(adjust, method, tests):
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(tests).uniform(size=tests) ** 3
    p[: tests // 4] = p[tests // 2]  # ties
    assert_allclose(adjust(p), multipletests(p, method=method)[1])


def test_families_are_adjusted_apart():
    p = [0.01, 0.02, 0.03, 0.04]
    assert_allclose(by_family(p, ["a", "b", "a", "b"]), [0.02, 0.04, 0.03, 0.04])
    together = by_family(p, ["a"] * 4, benjamini_hochberg)
    assert_allclose(together, benjamini_hochberg(p))


def test_tests_not_made_are_not_counted():
    assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert holm([]).size == 0


def test_what_is_no_p_value_is_refused():
    with pytest.raises(EstimationError, match="from 0 to 1"):
        holm([0.5, 1.2])
    with pytest.raises(EstimationError, match="2 p-values, but 1 families"):
        by_family([0.1, 0.2], ["a"])
