"""One step from the model without a column, against estimates that take the long way."""

import numpy as np
import pytest

from aces.stats.choice_data import choice_data
from aces.stats.likelihood import log_likelihood
from aces.stats.rescored import contrasts, of_choices, of_shares, steps

SETS, J, DRAWS = 120, 5, 6


@pytest.fixture(scope="module")
def shelves():
    rng = np.random.default_rng(8)
    n = SETS * J
    Z = np.column_stack([rng.normal(size=n), rng.integers(2, size=n)])
    moved = (rng.random((n, 2, DRAWS)) < 0.3).astype(float)
    u = Z @ [0.8, -0.5] + rng.gumbel(size=n)
    y = (u.reshape(SETS, J) == u.reshape(SETS, J).max(axis=1, keepdims=True)).ravel().astype(float)
    clusters = np.arange(SETS) // 3
    return Z, y, moved, np.arange(0, n, J), clusters


@pytest.mark.parametrize("m", [1, 2])
def test_least_squares_in_one_step_is_that_with_a_dummy_for_every_set(shelves, m):
    import statsmodels.api as sm

    Z, y, moved, starts, clusters = shelves
    found = steps(of_shares(y, Z, starts, clusters), moved[:, :m])
    dummies = np.kron(np.eye(SETS), np.ones((J, 1)))
    for r in range(DRAWS):
        X = np.column_stack([moved[:, :m, r], Z, dummies])
        assert found.estimate[r] == pytest.approx(sm.OLS(y, X).fit().params[0], abs=1e-10)


def test_its_error_is_that_of_the_clustered_score(shelves):
    import statsmodels.api as sm

    Z, y, moved, starts, clusters = shelves
    found = steps(of_shares(y, Z, starts, clusters), moved[:, :1])
    dummies = np.kron(np.eye(SETS), np.ones((J, 1)))
    rest = np.column_stack([Z, dummies])
    e = sm.OLS(y, rest).fit().resid
    for r in range(DRAWS):
        x = sm.OLS(moved[:, 0, r], rest).fit().resid
        own = np.bincount(np.repeat(clusters, J), weights=x * e)
        G = len(own)
        assert found.z[r] == pytest.approx(own.sum() / np.sqrt(G / (G - 1) * own @ own), rel=1e-8)


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("m", [1, 2])
def test_a_logit_takes_the_step_of_newton_from_the_model_without(shelves, outside, m):
    Z, y, moved, _, clusters = shelves
    y = y.copy()
    if outside:
        y[: 20 * J] = 0.0  # twenty that bought nothing
    sets = np.repeat(np.arange(SETS), J)
    for r in range(DRAWS):
        X = np.column_stack([moved[:, :m, r], Z])
        data = choice_data(X, y, sets, outside=outside)
        working = of_choices(data, clusters, [m, m + 1])
        found = steps(working, moved[:, :m, r : r + 1])
        rest = choice_data(Z, y, sets, outside=outside)
        gamma = np.zeros(2)
        for _ in range(30):
            here = log_likelihood(rest, gamma)
            gamma = gamma + np.linalg.solve(here.information, here.gradient)
        at = log_likelihood(data, np.concatenate([np.zeros(m), gamma]))
        step = np.linalg.solve(at.information, at.gradient)
        assert found.estimate[0] == pytest.approx(step[0], abs=1e-8)


def test_effects_by_product_and_no_columns_at_all(shelves):
    _, y, moved, _, clusters = shelves
    sets, product = np.repeat(np.arange(SETS), J), np.tile(np.arange(J), SETS)
    x = moved[:, :1, 0]
    names = [f"p{i}" for i in range(1, J)]
    data = choice_data(x, y, sets, effects=product - 1, effect_names=names)
    wide = np.column_stack([x, np.eye(J)[product][:, 1:]])
    dense = of_choices(choice_data(wide, y, sets), clusters, [1, 2, 3, 4])
    compact = of_choices(data, clusters, [])
    assert steps(compact, moved).estimate == pytest.approx(steps(dense, moved).estimate, abs=1e-10)
    bare = of_choices(choice_data(x, y, sets), clusters, [])
    assert bare.weight == pytest.approx(np.full(len(y), 1 / J))
    assert np.isfinite(steps(bare, moved).z).all()


def test_a_column_that_others_say_already_has_no_step(shelves):
    Z, y, moved, starts, clusters = shelves
    again = moved[:, :1].copy()
    again[:, 0, 0] = Z[:, 1]  # repeats a control
    again[:, 0, 1] = 1.0  # does not vary
    found = steps(of_shares(y, Z, starts, clusters), again)
    assert np.isnan(found.estimate[:2]).all()
    assert np.isnan(found.z[:2]).all()
    assert np.isfinite(found.estimate[2:]).all()


def test_contrasts_are_differences_of_shares_set_by_set(shelves):
    _, y, moved, starts, clusters = shelves
    working = of_shares(y, np.zeros((len(y), 0)), starts, clusters)
    on = moved[:, 0]
    found = contrasts(y, on, 1 - on, working)
    for r in range(DRAWS):
        each = [
            chosen[marked == 1].mean() - chosen[marked == 0].mean()
            for chosen, marked in zip(y.reshape(-1, J), on[:, r].reshape(-1, J), strict=True)
            if 0 < marked.sum() < J
        ]
        assert found.estimate[r] == pytest.approx(np.mean(each))
    none = contrasts(y, np.zeros((len(y), 1)), np.ones((len(y), 1)), working)
    assert np.isnan(none.estimate).all()
