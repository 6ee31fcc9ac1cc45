"""Forms of the price term: each is found where it is the truth, and none where none is."""

import numpy as np
import pytest

from aces.stats.choice import fit
from aces.stats.price_forms import Form, price_forms, price_matters, vuong

GAPS = np.array([0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
REFERENCES = np.array([5, 20, 50, 80, 150, 300, 800.0])


def ladder(n, size, generator):
    """(n, size) prices and slots: one listing at a reference, the others dearer by a gap."""
    low = generator.choice(REFERENCES, n)
    prices = np.tile((low * (1 + generator.choice(GAPS, n)))[:, None], (1, size))
    prices[np.arange(n), generator.integers(size, size=n)] = low
    return prices, np.tile(np.arange(1, size + 1), (n, 1))


def choose(utility, generator):
    return (utility + generator.gumbel(size=utility.shape)).argmax(axis=1)


TRUTHS = {
    "log": lambda p: -8 * np.log(p),
    "linear": lambda p: -0.05 * p,
    "threshold": lambda p: -4 * (p > 155),
    "noticed": lambda p: -2.5 * (p / p.min(axis=1, keepdims=True) > 1.04),
}


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("size", [2, 3])
def test_the_planted_form_fits_best(truth, size):
    for seed in range(4):
        generator = np.random.default_rng(seed)
        prices, slots = ladder(2000, size, generator)
        forms = price_forms(prices, slots, choose(TRUTHS[truth](prices), generator))
        assert min(forms, key=lambda form: form.aic).name == truth
        assert price_matters(forms) < 0.01
        named = {form.name: form for form in forms}
        if truth == "threshold":
            assert 150 < named[truth].threshold < 165
        if truth == "noticed":
            assert 0.02 < named[truth].threshold < 0.05
        assert named["log"].coefficient < 0


def test_likelihoods_are_those_of_the_conditional_logit():
    generator = np.random.default_rng(2)
    prices, slots = ladder(500, 3, generator)
    chosen = choose(-3 * np.log(prices) + 0.7 * (slots == 1), generator)
    named = {form.name: form for form in price_forms(prices, slots, chosen)}
    y = np.eye(3)[chosen].ravel()
    sets = np.repeat(np.arange(500), 3)
    place = [(slots == i).ravel().astype(float) for i in (1, 2)]
    for name, column in (("log", np.log(prices)), ("linear", prices)):
        oracle = fit(np.column_stack([*place, column.ravel()]), y, sets)
        assert named[name].llf == pytest.approx(oracle.llf, abs=1e-6)
        assert named[name].coefficient == pytest.approx(oracle.params[2], rel=1e-5)
    assert named["none"].llf == pytest.approx(fit(np.column_stack(place), y, sets).llf, abs=1e-6)


def test_where_price_moves_nothing_no_form_is_named():
    found = []
    for seed in range(60):
        generator = np.random.default_rng(seed)
        prices, slots = ladder(200, 2, generator)
        chosen = choose(0.5 * (slots == 1), generator)
        found.append(price_matters(price_forms(prices, slots, chosen)))
    assert np.mean(np.array(found) < 0.05) <= 0.1
    assert max(found) <= 1


def test_perfect_prediction_has_a_limit_and_no_form_is_better():
    generator = np.random.default_rng(0)
    prices, slots = ladder(300, 2, generator)
    prices = prices[prices[:, 0] != prices[:, 1]]
    slots = slots[: len(prices)]
    forms = price_forms(prices, slots, prices.argmin(axis=1))
    log, linear = (next(f for f in forms if f.name == name) for name in ("log", "linear"))
    assert log.llf == pytest.approx(0, abs=1e-3)
    assert linear.llf == pytest.approx(0, abs=1e-3)


def test_equal_forms_are_not_told_apart_and_unequal_ones_are():
    generator = np.random.default_rng(5)
    prices, slots = ladder(1500, 2, generator)
    chosen = choose(TRUTHS["log"](prices), generator)
    named = {form.name: form for form in price_forms(prices, slots, chosen)}
    worlds = list(range(1500))
    assert vuong(named["log"], named["log"], worlds) is None
    assert vuong(named["log"], named["linear"], worlds) < 0.001
    # four copies of each choice on one world are hardly more evidence than one
    once = vuong(named["log"], named["noticed"], worlds)
    assert 1e-12 < once < 0.01
    four = [
        type(f)(f.name, f.coefficient, f.threshold, f.parameters, np.repeat(f.by_choice, 4))
        for f in (named["log"], named["noticed"])
    ]
    assert vuong(*four, [w for w in worlds for _ in range(4)]) > once / 10
    assert vuong(*four, list(range(6000))) < once**3


def test_forms_equally_near_are_told_apart_as_seldom_from_few_worlds():
    rng = np.random.default_rng(7)
    told = []
    for _ in range(2000):
        one, other = (Form("", 0.0, None, 1, -rng.gamma(2.0, size=5)) for _ in range(2))
        told.append(vuong(one, other, range(5)) < 0.05)
    assert 0.03 < np.mean(told) < 0.065  # by the normal: 0.16
