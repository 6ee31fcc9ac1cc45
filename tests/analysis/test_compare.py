"""Paired comparison: exactly nothing between identical arms, and the truth between others."""

import numpy as np
import pytest

from aces.errors import UserError
from analysis.comparison.estimates import compare
from analysis.frame import load_choices

TERMS = ["row_1", "log_price", "overall_pick"]
TRUTH = {"row_1": 0.9, "log_price": -1.8, "overall_pick": 1.2}


def arm(buyer, interface="json"):
    return {"buyer": buyer, "interface": interface}


@pytest.fixture(scope="module")
def table(planted_runs):
    changed = TRUTH | {"overall_pick": 0.4}
    return load_choices(
        planted_runs(
            "compare",
            worlds=300,
            interfaces=("json", "html"),
            buyers={"planted": TRUTH, "changed": changed},
        )
    )


def test_identical_arms_differ_by_exactly_nothing(table):
    found = compare(table, arm("planted"), arm("planted", "html"), TERMS)
    assert found.identical
    assert "json and html are identical: all 600 paired outcomes are equal" in found.verdict
    for part in (found.coefficients, found.shares):
        assert (part["difference"] == 0).all()
        assert (part["std_error"] == 0).all()
        assert (part["p_value"] == 1).all()


def test_the_difference_of_two_buyers_is_found(table):
    found = compare(table, arm("planted"), arm("changed"), TERMS)
    assert not found.identical
    assert 0.7 < found.agreement[0] < 1
    rows = found.coefficients.set_index("term")
    expected = {"row_1": 0, "log_price": 0, "overall_pick": -0.8}
    for term, value in expected.items():
        assert abs(rows["difference"][term] - value) < 4 * rows["std_error"][term]
    assert rows["p_value"]["overall_pick"] < 0.001
    np.testing.assert_allclose(rows["second"] - rows["first"], rows["difference"])


def test_shared_noise_makes_differences_far_more_certain(table, planted_run):
    alone = load_choices(
        planted_run(
            worlds=300,
            noise="independent",
            buyers={"planted": TRUTH, "changed": TRUTH | {"overall_pick": 0.4}},
        )
    )
    shared = compare(table, arm("planted"), arm("changed"), TERMS).coefficients["std_error"]
    independent = compare(alone, arm("planted"), arm("changed"), TERMS).coefficients["std_error"]
    assert (shared < 0.7 * independent).all()


def test_independent_arms_of_the_same_buyer_do_not_differ(planted_run):
    both = {"planted": TRUTH, "twin": TRUTH}
    table = load_choices(planted_run(worlds=200, noise="independent", buyers=both))
    found = compare(table, arm("planted"), arm("twin"), TERMS)
    assert not found.identical
    assert (found.coefficients["difference"].abs() < 4 * found.coefficients["std_error"]).all()
    assert (found.shares["difference"].abs() < 4.5 * found.shares["std_error"]).all()
    assert found.shares["first"].sum() == pytest.approx(2)  # 1 per task


def test_arms_must_exist_and_be_one(table):
    with pytest.raises(UserError, match="no trial has nobody"):
        compare(table, {"buyer": "nobody"}, arm("planted"), TERMS)
    with pytest.raises(UserError, match="several times"):
        compare(table, {"buyer": "planted"}, arm("changed"), TERMS)
