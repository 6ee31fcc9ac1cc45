"""Choice probabilities as outcomes: what is estimated, with which errors, and what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.choice import fit

BETA = np.array([0.9, -1.8, 0.8])
SETS, SIZE = 500, 8


def softmax(utility):
    weight = np.exp(utility - utility.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def shelves(eta, seed=0, n_sets=SETS):
    """Attributes, noisy choice probabilities, choices drawn from them, set of each row."""
    rng = np.random.default_rng(seed)
    X = np.stack(
        [
            np.tile(np.arange(SIZE) < SIZE // 2, (n_sets, 1)).astype(float),
            rng.normal(0, 0.3, (n_sets, SIZE)),
            rng.uniform(0, 0.5, (n_sets, SIZE)),
        ],
        axis=-1,
    )
    p = softmax(X @ BETA + eta * rng.normal(size=(n_sets, SIZE)))
    drawn = (rng.uniform(size=(n_sets, 1)) > p.cumsum(axis=1)).sum(axis=1)
    y = (np.arange(SIZE) == np.minimum(drawn, SIZE - 1)[:, None]).astype(float)
    return X.reshape(-1, 3), p.ravel(), y.ravel(), np.repeat(np.arange(n_sets), SIZE)


def test_the_likelihood_is_the_expected_log_probability():
    X, p, _, sets = shelves(1.0)
    found = fit(X, p, sets)
    model = softmax((X @ found.params).reshape(-1, SIZE)).ravel()
    assert_allclose(found.llf, p @ np.log(model), rtol=1e-12)
    assert_allclose((p - model) @ X, 0, atol=1e-8)


def test_exact_probabilities_leave_no_doubt_and_the_information_matrix_does_not_know():
    X, p, _, sets = shelves(0.0)
    found = fit(X, p, sets)
    assert_allclose(found.params, BETA, atol=1e-9)
    assert (found.bse < 1e-8).all()
    assert (fit(X, p, sets, cov_type="nonrobust").bse > 0.05).all()


def test_clusters_count_as_often_as_they_are_independent():
    X, p, _, sets = shelves(1.0, n_sets=200)
    twice = [np.concatenate([part, part]) for part in (X, p)]
    both, worlds = np.concatenate([sets, sets + 200]), np.concatenate([sets, sets])
    once = fit(X, p, sets, clusters=sets)
    assert_allclose(fit(*twice, both, clusters=worlds).bse, once.bse, rtol=1e-7)


def test_probabilities_tell_more_than_choices_drawn_from_them():
    """Both estimate the same, which noise in the model's logits moves towards 0."""
    X, p, y, sets = shelves(1.0, n_sets=4000)
    read, sampled = fit(X, p, sets), fit(X, y, sets)
    error = np.hypot(read.bse, sampled.bse)
    assert (abs(read.params - sampled.params) < 3.5 * error).all()
    assert (sampled.bse / read.bse > 2).all()
    assert -1.75 < read.params[1] < -1.35


@pytest.mark.parametrize(
    ("change", "outside", "says"),
    [
        (lambda p: 1.2 * p, False, "of 500 choice sets do not sum to 1, first those of 0 to 1.2"),
        (lambda p: 0.7 * p, False, r"to 0\.7\. Divide them by their sum; .* outside=True"),
        (lambda p: 1.2 * p, True, "do not sum to 1"),
        (lambda p: p - 0.5, False, "negative"),
    ],
)
def test_probabilities_must_sum_to_1(change, outside, says):
    X, p, _, sets = shelves(1.0)
    with pytest.raises(EstimationError, match=says):
        fit(X, change(p), sets, outside=outside)


def test_what_probabilities_leave_is_the_outside_option():
    X, p, _, sets = shelves(0.0)
    X = np.column_stack([np.ones(len(X)), X])
    total = np.exp(X[:, 1:] @ BETA - 3.0).reshape(-1, SIZE).sum(axis=1)
    found = fit(X, p * np.repeat(total / (1 + total), SIZE), sets, outside=True)
    assert_allclose(found.params, [-3.0, *BETA], atol=1e-8)
