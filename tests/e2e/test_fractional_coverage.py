"""Choice probabilities: label bias cancels, errors shrink as they should, intervals cover."""

import pytest

from benchmarks import probabilities


def test_only_all_shifts_and_the_geometric_mean_get_rid_of_label_bias():
    whole, arithmetic, some, _ = probabilities.label_bias().values()
    assert whole.log_odds < 1e-12
    assert arithmetic.slope < 0.9
    assert some.rmse > 0.03


@pytest.mark.slow
@pytest.mark.parametrize("eta", probabilities.ETAS)
def test_errors_and_coverage(eta):
    """Bands for 300 runs and 8 terms: 4.2 standard deviations, so that one in 3,000 fails."""
    found = probabilities.simulate_many(300, eta, 500, 2)
    price = probabilities.NAMES.index("log_price")
    ratio = probabilities.ratio(found)[price]
    assert ratio == pytest.approx(probabilities.RATIOS[eta], rel=0.15)
    covers = probabilities.coverage(found, probabilities.pseudo_true(eta))
    assert covers.min() > 0.95 - 4.2 * (0.95 * 0.05 / 300) ** 0.5
    wide = probabilities.coverage(found, probabilities.pseudo_true(eta), information=True)
    assert wide[price] > 0.98
