"""Market shares and concentration from a long table."""

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from aces.stats.shares import goodman_interval, hhi
from analysis import concentration, market_shares


def table():
    """Task 1: a 3 of 4, b 1, c 0, and one set without a choice; task 2: d 2 of 2."""
    rows = []
    for trial, choice in enumerate(["a", "a", "b", "a", None]):
        rows += [("1", f"t{trial}", p, int(p == choice)) for p in "abc"]
    for trial in (7, 8):
        rows += [("2", f"t{trial}", p, int(p == "d")) for p in "de"]
    return pd.DataFrame(rows, columns=["task_id", "trial_id", "product_id", "chosen"])


def test_shares_count_what_was_never_chosen_and_leave_out_sets_without_a_choice():
    shares = market_shares(table(), ["task_id"]).set_index("product_id")
    assert_allclose(shares.share, [0.75, 0.25, 0, 1, 0])
    assert shares.n_choices.tolist() == [4, 4, 4, 2, 2]
    assert shares.n_shown.tolist() == [4, 4, 4, 2, 2]
    assert_allclose(shares.goodman_high["c"], goodman_interval([3, 1, 0], 4)[1][2])
    assert shares.wilson_high["c"] > 0.3


def test_concentration_by_part_of_the_market():
    found = concentration(table(), ["task_id"]).set_index("task_id")
    assert_allclose(found.hhi, [hhi([3, 1, 0]).estimate, 1])
    assert found.modal_product.tolist() == ["a", "d"]
    assert concentration(table()).n_products.tolist() == [5]


def test_a_table_without_choices_is_refused():
    with pytest.raises(EstimationError, match="no choice set has a choice"):
        market_shares(table().assign(chosen=0))
