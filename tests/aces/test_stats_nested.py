"""The nested logit on arrays: against a textbook likelihood, differences, and planted truth."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from aces.errors import EstimationError
from aces.stats import nested
from aces.stats.choice import estimate
from aces.stats.choice_data import choice_data
from aces.stats.covariance import covariance

BETA = np.array([1.0, -0.7, 0.4])


def chances(X, nest, beta, scale, outside=False):
    """(sets, J) textbook probabilities, nest by nest; the outside option's come last."""
    worth = X @ beta
    inclusive = {m: np.log(np.exp(worth[:, nest == m] / s).sum(1)) for m, s in scale.items()}
    total = sum(np.exp(s * inclusive[m]) for m, s in scale.items()) + outside
    found = np.empty((len(X), len(nest) + outside))
    for m, s in scale.items():
        inside = np.exp(worth[:, nest == m] / s - inclusive[m][:, None])
        found[:, : len(nest)][:, nest == m] = inside * (np.exp(s * inclusive[m]) / total)[:, None]
    if outside:
        found[:, -1] = 1 / total
    return found


def drawn(n=400, seed=0, scale=(0.5, 0.8), outside=False, J=5):
    """Arrays of choices among J alternatives, odd and even ones in nests, rows shuffled."""
    rng = np.random.default_rng(seed)
    X, nest = rng.normal(size=(n, J, 3)), np.arange(J) % 2
    by_nest = dict(enumerate(scale))
    p = chances(X, nest, BETA, by_nest, outside)
    chosen = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    y = (np.arange(J) == chosen[:, None]).astype(int)
    mixed = rng.permutation(n * J)
    rows = X.reshape(-1, 3)[mixed], y.ravel()[mixed], np.repeat(np.arange(n), J)[mixed]
    labels = np.array(["even", "odd"])[np.tile(nest, n)[mixed]]
    return choice_data(*rows, names=("a", "b", "c"), outside=outside), labels, (X, nest, chosen)


@pytest.mark.parametrize("outside", [False, True])
def test_it_is_the_textbook_maximum(outside):
    """The oracle: probabilities written out nest by nest, climbed by scipy without our gradient."""
    data, labels, (X, nest, chosen) = drawn(outside=outside)
    found = nested.fit(data, labels)

    def lost(params):
        p = chances(X, nest, params[:3], {0: params[3], 1: params[4]}, outside)
        return -np.log(p[np.arange(len(X)), chosen]).sum()

    best = minimize(lost, [*BETA, 0.7, 0.7], method="Nelder-Mead", options={"maxiter": 6000,
                    "xatol": 1e-7, "fatol": 1e-9, "maxfev": 6000})  # fmt: skip
    assert_allclose(found.llf, -best.fun, atol=1e-5)
    assert_allclose(found.params, best.x, atol=2e-3)
    assert found.names[3:] == ("dissimilarity[even]", "dissimilarity[odd]")


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("common", [False, True])
def test_scores_are_numerical_differences(outside, common):
    data, labels, _ = drawn(40, outside=outside)
    made = nested.arrange(data, labels, common=common)
    at = np.array([0.8, -0.4, 0.2, 0.6, 1.3])[: 3 + len(made.parameters)]
    moves = 1e-6 * np.eye(len(at))
    slope = [
        (nested.likelihood(made, at + m).llf - nested.likelihood(made, at - m).llf) / 2e-6
        for m in moves
    ]
    assert_allclose(nested.likelihood(made, at).scores.sum(axis=0), slope, atol=1e-5)


def test_with_dissimilarities_of_1_it_is_the_conditional_logit():
    data, labels, _ = drawn(scale=(1.0, 1.0))
    made = nested.arrange(data, labels)
    plain = estimate(data)
    here = nested.likelihood(made, np.append(plain.params, [1.0, 1.0]))
    assert_allclose(here.llf, plain.llf, rtol=1e-12)
    assert_allclose(here.scores.sum(axis=0)[:3], 0, atol=1e-7)
    robust = covariance(data, plain, "robust").matrix
    own = here.scores[:, :3].T @ here.scores[:, :3]
    assert_allclose(np.linalg.inv(plain.information) @ own @ np.linalg.inv(plain.information),
                    robust, rtol=1e-6)  # fmt: skip


def test_shares_work_where_choices_are_probabilities():
    """A set of many equal choices and one of their shares have the same maximum."""
    X = np.random.default_rng(2).normal(size=(60, 4, 1))
    nest = np.array([0, 0, 1, 1])
    p = chances(X, nest, np.array([1.2]), {0: 0.4, 1: 0.7})
    data = choice_data(X.reshape(-1, 1), p.ravel(), np.repeat(np.arange(60), 4))
    found = nested.fit(data, np.tile(nest, 60))
    assert_allclose(found.params, [1.2, 0.4, 0.7], atol=1e-5)


def test_planted_values_are_held_by_intervals():
    truth = np.array([*BETA, 0.5, 0.8])
    hits = []
    for seed in range(25):
        data, labels, _ = drawn(600, seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nested.DissimilarityWarning)
            found = nested.fit(data, labels)
        hits.append(np.abs(found.params - truth) < 1.96 * found.bse)
    share = np.mean(hits)  # 125 intervals, not all independent
    assert 0.88 < share <= 1


def test_errors_by_cluster_know_that_rows_are_copies():
    data, labels, _ = drawn(300)
    plain = nested.fit(data, labels, cov_type="robust")
    x, y = np.tile(data.X, (4, 1)), np.tile(data.y, 4)
    sets = np.repeat(np.arange(4), len(data.y)) * 1000 + np.tile(_sets(data), 4)
    copies = choice_data(x, y, sets, names=data.names)
    found = nested.fit(copies, np.tile(labels, 4), clusters=np.tile(_sets(data), 4))
    assert_allclose(found.params, plain.params, atol=1e-5)
    assert_allclose(found.bse, plain.bse * np.sqrt(300 / 299), rtol=1e-3)
    assert found.covariance.n_clusters == 300


def _sets(data):
    sets = np.empty(len(data.y), dtype=int)
    sets[data.order] = np.repeat(np.arange(data.n_sets), data.sizes)
    return sets


def test_a_nest_of_one_has_no_dissimilarity():
    _, _, (X, _, chosen) = drawn(300)
    rows = np.arange(5) * np.ones((300, 1), dtype=int)
    own = np.array(["x", "lone", "x", "y", "x"])[rows]
    y = (np.arange(5) == chosen[:, None]).astype(int)
    flat = choice_data(X.reshape(-1, 3), y.ravel(), np.repeat(np.arange(300), 5))
    found = nested.fit(flat, own.ravel())
    assert found.nests.names == ("x",)
    assert found.nests.alone == ("lone", "y")
    assert len(found.params) == 4


def test_nests_that_say_nothing_are_refused():
    data, labels, _ = drawn(50)
    with pytest.raises(EstimationError, match="no choice set holds two"):
        nested.fit(data, np.arange(len(labels)))
    with pytest.raises(EstimationError, match="lies in one nest"):
        nested.fit(data, np.zeros(len(labels)))
    missing = labels.astype(object)
    missing[3] = None
    with pytest.raises(EstimationError, match="nest is missing in 1 rows"):
        nested.fit(data, missing)
    with pytest.raises(EstimationError, match="one value per row"):
        nested.fit(data, labels[:10])


def test_less_alike_within_than_between_is_said():
    data, labels, _ = drawn(800, scale=(1.8, 1.8))
    with pytest.warns(nested.DissimilarityWarning, match="even 1."):
        found = nested.fit(data, labels)
    assert (found.params[3:] > 1.2).all()
