"""Comparisons of stored runs: exactly nothing between identical arms, the truth between others."""

import numpy as np
import pytest

from analysis.comparison.versions import compare_pairs
from analysis.frame import load_choices

TERMS = ["row_1", "log_price", "overall_pick"]
TRUTH = {"row_1": 0.9, "log_price": -1.8, "overall_pick": 1.2}
CHANGED = TRUTH | {"overall_pick": 0.4}


@pytest.fixture(scope="module")
def found(planted_runs):
    """Every pair of two buyers through two interfaces, which differ in one of them."""
    run = planted_runs(
        "compare",
        worlds=300,
        interfaces=("json", "html"),
        buyers={"planted": TRUTH, "changed": CHANGED},
    )
    return {one.pair.names: one for one in compare_pairs(load_choices(run), TERMS)}


def test_identical_arms_differ_by_exactly_nothing(found):
    same = found["json", "html"]
    assert same.identical
    assert "all 600 paired outcomes are equal" in same.sentence
    assert not same.changed
    assert (same.shares.change == 0).all()
    assert (same.shares.update.p_value == 1).all()
    change = same.tastes.change
    np.testing.assert_allclose(change.value, 0, atol=1e-12)
    assert (change.error == 0).all()
    assert (change.p == 1).all()


def test_the_difference_of_two_buyers_is_found(found):
    one = found["planted", "changed"]
    equal, pairs = one.equal
    assert 0.7 < equal / pairs < 1
    change = one.tastes.change
    assert (np.abs(change.value[:3] - [0, 0, -0.8]) < 4 * change.error[:3]).all()
    assert change.p[TERMS.index("overall_pick")] < 0.001
    assert one.changed


def test_shared_noise_makes_differences_far_more_certain(found, planted_run):
    buyers = {"planted": TRUTH, "changed": CHANGED}
    table = load_choices(planted_run(worlds=300, noise="independent", buyers=buyers))
    (alone,) = compare_pairs(table, TERMS)
    shared = found["planted", "changed"].tastes.change.error[:3]
    assert (shared < 0.7 * alone.tastes.change.error[:3]).all()


def test_independent_arms_of_the_same_buyer_do_not_differ(planted_run):
    both = {"planted": TRUTH, "twin": TRUTH}
    table = load_choices(planted_run(worlds=200, noise="independent", buyers=both))
    (found,) = compare_pairs(table, TERMS)
    assert not found.identical
    assert not found.changed
    assert (np.abs(found.tastes.change.value) < 4 * found.tastes.change.error).all()
    assert found.shares.shares[:, 0].sum() == pytest.approx(2)  # 1 per task


def test_a_pair_without_outcomes_is_named_and_the_others_compared(planted_run):
    run = planted_run(worlds=20, buyers={"one": TRUTH, "two": CHANGED, "broken": TRUTH})
    table = load_choices(run)
    lost = table["buyer"] == "broken"
    table.loc[lost, ["status", "chosen"]] = ["error", 0]
    (found,) = compare_pairs(table, ["log_price"])
    assert found.pair.names == ("one", "two")
    assert sum("broken can't be compared" in note for note in found.notes) == 2
