"""Efficient tables: the estimator's information, and more of it than independent levels have."""

import numpy as np
import pytest

from aces.design import Arm, Arms, Factor, efficient
from aces.stats.choice_data import choice_data
from aces.stats.likelihood import log_likelihood
from aces.types import Listing

PRICE = Factor(level="price_cents", distribution="levels", factors=(0.8, 1.0, 1.25))
ECO = Arms(name="eco", unit="listing", arms=(Arm(name="no"), Arm(name="yes")))
PARTS = {"price": PRICE, "eco": ECO}
NAMES = ["log_price", "eco"]
SHELVES = [
    [Listing(product_id=f"{t}{i}", title="t", price_cents=1000 + 300 * i) for i in range(4)]
    for t in "ab"
]
SETS = efficient.ChoiceSets.of(PARTS, SHELVES, NAMES)
ZERO = np.zeros((1, 2))
STRONG = np.array([[-4.0, 1.0]])


def test_terms_are_sums_of_what_the_options_add():
    row = [0, 2, 1, 1, 1, 0, 0, 1]
    X = SETS.base + sum(change[o] for change, o in zip(SETS.change, row, strict=True))
    prices = [1000 * 0.8, 1300 * 1.25, 1600, 1900]
    assert X[0, :, 0] == pytest.approx(np.log(np.array(prices) / 100))
    assert X[1, :, 1].tolist() == [1, 0, 0, 1]


def test_information_is_that_of_the_likelihood():
    table = SETS.random(6, np.random.default_rng(1))
    rows = [
        SETS.base + sum(change[o] for change, o in zip(SETS.change, row, strict=True))
        for row in table.tolist()
    ]
    X = np.stack(rows).reshape(-1, 2)
    sets = np.repeat(np.arange(12), 4)
    products = np.tile(np.arange(8), 6)
    labels = [f"product {i}" for i in range(8)]
    y = (np.arange(len(X)) % 4 == 0).astype(float)
    data = choice_data(X, y, sets, effects=products, effect_names=labels, names=NAMES)
    point = np.concatenate([STRONG[0], np.zeros(8)])
    information = log_likelihood(data, point).information
    covariance = np.linalg.pinv(information, hermitian=True)[:2, :2]
    ours = efficient.d_error(SETS, table, STRONG)
    assert ours == pytest.approx(6 * np.sqrt(np.linalg.det(covariance)), rel=1e-5)


@pytest.mark.parametrize("betas", [ZERO, STRONG], ids=["no effects", "strong priors"])
def test_exchange_beats_independent_levels_where_it_was_made_for(betas):
    generator = np.random.default_rng(2)
    drawn = [SETS.random(12, generator) for _ in range(20)]
    found = efficient.exchange(SETS, drawn[0], betas)
    assert found.shape == (12, 8)
    assert np.array_equal(found, efficient.exchange(SETS, drawn[0], betas))
    errors = [efficient.d_error(SETS, table, betas) for table in drawn]
    assert efficient.d_error(SETS, found, betas) < 0.85 * np.mean(errors)
    assert efficient.d_error(SETS, found, betas) < min(errors)


def test_each_design_is_best_for_its_own_priors_and_draws_are_a_compromise():
    start = SETS.random(12, np.random.default_rng(3))
    both = np.concatenate([ZERO, STRONG])
    made = {
        name: efficient.exchange(SETS, start, betas)
        for name, betas in (("zero", ZERO), ("strong", STRONG), ("both", both))
    }
    at = {
        (name, where): efficient.d_error(SETS, table, betas)
        for name, table in made.items()
        for where, betas in (("zero", ZERO), ("strong", STRONG))
    }
    assert at["strong", "strong"] < at["zero", "strong"]
    assert at["zero", "zero"] < at["strong", "zero"]
    assert at["both", "strong"] < at["zero", "strong"]
    assert at["both", "zero"] < at["strong", "zero"]
