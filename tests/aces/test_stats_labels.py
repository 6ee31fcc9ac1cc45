"""Choice probabilities from labels: bias cancels, and what a server leaves out is bounded."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from aces.errors import EstimationError
from aces.stats.labels import combine_shifts, cyclic_shifts, label_mass, read_labels


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def asked(utility, bias, labels):
    """(shifts, J) log-probabilities of the labels that stood for each alternative."""
    return log_softmax(utility + bias[labels])


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_each_alternative_gets_each_label_once(size):
    labels = cyclic_shifts(size)
    each = np.arange(size)
    for line in [*labels, *labels.T]:
        assert_array_equal(np.sort(line), each)


def test_more_alternatives_than_letters_are_refused():
    with pytest.raises(EstimationError, match="27 alternatives"):
        cyclic_shifts(27)


@pytest.mark.parametrize("size", [2, 8, 20])
def test_label_bias_cancels_over_all_shifts_only(size):
    rng = np.random.default_rng(size)
    utility, bias = rng.normal(0, 1.5, size), rng.normal(0, 1.8, size)
    read = asked(utility, bias, cyclic_shifts(size))
    assert_allclose(np.log(combine_shifts(read)), log_softmax(utility), atol=1e-12)
    assert abs(np.log(combine_shifts(read[:-1])) - log_softmax(utility)).max() > 0.01
    mean = np.exp(read).mean(axis=0)
    assert abs(np.log(mean) - log_softmax(utility)).max() > 0.01


def test_temperature_divides_utilities():
    utility = np.array([1.0, 0.0, -2.0])
    read = asked(utility, np.array([1.0, -1.0, 0.3]), cyclic_shifts(3))
    assert_allclose(np.log(combine_shifts(read, temperature=0.5)), log_softmax(2 * utility))


def test_many_sets_at_once():
    read = np.log(np.random.default_rng(1).dirichlet(np.ones(4), size=(7, 4)))
    assert_allclose(combine_shifts(read)[3], combine_shifts(read[3]), rtol=1e-14)


def test_a_label_with_a_space_before_it_is_the_same():
    listed = {"A": np.log(0.3), " A": np.log(0.2), "▁B": np.log(0.1), "The": np.log(0.4)}
    read = read_labels(listed, "AB", top=4)
    assert_allclose(np.exp(read.log_probability), [0.5, 0.1])
    assert read.mass == pytest.approx(0.6)
    assert not read.truncated.any()


@pytest.mark.parametrize(
    ("listed", "top", "bound"),
    [
        ({"A": 0.6, "The": 0.1, "x": 0.05}, 3, 0.05),  # no more than the least of the top
        ({"A": 0.6, "The": 0.39}, 2, 0.01),  # no more than what is left
        ({"B": 0.001, "A": 0.6, "x": 0.05}, 2, 0.05),  # the drawn one is listed beside the top
        ({"A": 0.7, "The": 0.30001}, 2, 0.30001),  # rounded to more than 1
    ],
)
def test_a_label_that_is_not_listed_is_bounded_and_marked(listed, top, bound):
    read = read_labels({t: np.log(p) for t, p in listed.items()}, "AB", top)
    assert_array_equal(read.truncated, [False, True])
    assert np.exp(read.log_probability[1]) == pytest.approx(bound)


def test_what_a_server_masks_counts_as_not_listed():
    read = read_labels({"A": 0.0, "B": -9999.0}, "AB", top=2)
    assert_array_equal(read.truncated, [False, True])
    assert read.log_probability[1] > -200


def test_an_answer_without_any_label_says_nothing():
    with pytest.raises(EstimationError, match=r"none of the labels A to C, but with 'The', ' a'"):
        read_labels({"The": -0.1, " a": -3.0}, "ABC", top=2)
    assert label_mass({"The": -0.1, " a": -3.0}, "ABC", top=2) == 0


def test_label_mass_is_what_answers_begin_with_a_letter():
    listed = {"A": np.log(0.5), " B": np.log(0.2), "The": np.log(0.1), "C": np.log(0.01)}
    assert label_mass(listed, "ABC", top=4) == pytest.approx(0.71)
    assert label_mass(listed, "ABC", top=3) == pytest.approx(0.7)
