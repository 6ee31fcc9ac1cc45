"""Shares of populations and how they follow utility: closed forms and differences of the shares."""

import numpy as np
import pytest

from aces.stats.population import Population, chances, one_type

RNG = np.random.default_rng(3)
UTILITY = RNG.normal(size=(4, 5, 3))
UTILITY[0, 4] = UTILITY[2, 1] = -np.inf  # a shorter shelf, and a listing that is gone
NESTS = np.array([[0, 0, 1, 2, 2], [1, 0, 0, 2, 1], [0, 0, 1, 1, 2], [2, 2, 2, 2, 2]])
MIXED = Population(np.array([0.5, 0.3, 0.2]), np.zeros((0, 3)))
NESTED = Population(MIXED.weights, np.zeros((0, 3)), np.array([0.4, 0.8, 1.0]))


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize(("population", "nests"), [(MIXED, None), (NESTED, NESTS)])
def test_responses_are_derivatives_of_the_shares(population, nests, outside):
    def shares(utility):
        return chances(population, utility, nests, outside=outside).shares

    slopes = RNG.normal(size=UTILITY.shape)
    found = chances(population, UTILITY, nests, outside=outside).responses(slopes)
    step = 1e-5
    for k in range(5):
        move = np.zeros_like(UTILITY)
        move[:, k] = step * slopes[:, k]
        expected = (shares(UTILITY + move) - shares(UTILITY - move)) / (2 * step)
        np.testing.assert_allclose(found[:, :, k], expected, atol=1e-9)
    total = shares(UTILITY).sum(axis=1)
    assert (total < 1).all() if outside else total == pytest.approx(1)
    assert shares(UTILITY)[0, 4] == shares(UTILITY)[2, 1] == 0


def test_a_nested_logit_is_that_of_the_textbook():
    """Train (2009), equations 4.2 to 4.5, by a plain loop."""
    utility, scales = RNG.normal(size=5), {0: 0.4, 1: 0.8}
    nests = np.array([0, 0, 1, 1, 2])
    weight = {
        m: sum(np.exp(utility[j] / s) for j in range(5) if nests[j] == m) for m, s in scales.items()
    }
    total = sum(weight[m] ** s for m, s in scales.items()) + np.exp(utility[4]) + 1.0
    expected = [
        np.exp(utility[j] / scales[m]) * weight[m] ** (scales[m] - 1) / total
        for j, m in enumerate(nests[:4])
    ]
    one = Population(np.ones(1), np.zeros((0, 1)), np.array([0.4, 0.8, 1.0]))
    found = chances(one, utility[None, :, None], nests[None], outside=True)
    np.testing.assert_allclose(found.shares[0, :4], expected, rtol=1e-12)
    assert found.shares[0, 4] == pytest.approx(np.exp(utility[4]) / total)
    assert found.log_sums[0, 0] == pytest.approx(np.log(total))


def test_with_dissimilarities_of_one_nests_do_not_matter():
    flat = Population(MIXED.weights, MIXED.coefficients, np.ones(3))
    with_nests, without = (chances(flat, UTILITY, n, outside=True) for n in (NESTS, None))
    np.testing.assert_allclose(with_nests.p, without.p, atol=1e-15)
    np.testing.assert_allclose(with_nests.log_sums, without.log_sums, atol=1e-14)
    slopes = np.ones_like(UTILITY)
    np.testing.assert_allclose(with_nests.responses(slopes), without.responses(slopes), atol=1e-15)


def test_types_that_are_alike_are_one_type():
    same = np.repeat(UTILITY[:, :, :1], 3, axis=2)
    alone = chances(one_type(np.zeros(0)), UTILITY[:, :, :1])
    np.testing.assert_allclose(chances(MIXED, same).shares, alone.shares, atol=1e-15)
