"""Derived columns mean the same everywhere."""

import math

import numpy as np
import pytest

from aces import terms

TABLE = {
    "price_cents": [1999, 100, 250],
    "review_count": [0, 9, 99],
    "rating": [4.0, 3.5, 5.0],
    "position": [1, 6, 8],
    "row": [1, 2, 2],
    "col": [1, 2, 4],
    "sponsored": [1, 0, 1],
}


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("rating", [4.0, 3.5, 5.0]),
        ("price", [19.99, 1.0, 2.5]),
        ("log_price", [math.log(19.99), 0.0, math.log(2.5)]),
        ("log_review_count", [0.0, math.log(10), math.log(100)]),
        ("row_1", [1, 0, 0]),
        ("col_4", [0, 0, 1]),
        ("pos_6", [0, 1, 0]),
        ("log_price:sponsored", [math.log(19.99), 0.0, math.log(2.5)]),
        ("row_2:col_4:rating", [0, 0, 5.0]),
    ],
)
def test_terms(term, expected):
    np.testing.assert_allclose(terms.term(term, TABLE), expected)
    np.testing.assert_allclose(terms.matrix([term, "rating"], TABLE)[:, 0], expected)


def test_a_stored_column_wins_over_a_derived_one():
    assert terms.term("price", {**TABLE, "price": [1, 2, 3]}).tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["colour", "row_", "row_1x", "rating:", "pos_x", ""])
def test_unknown_columns_raise(name):
    with pytest.raises(KeyError):
        terms.term(name, TABLE)


@pytest.mark.parametrize(
    ("size", "columns", "expected"),
    [
        (8, 4, ["row_1", "col_1", "col_2", "col_3"]),
        (8, 8, ["col_1", "col_2", "col_3", "col_4", "col_5", "col_6", "col_7"]),
        (3, 4, ["col_1", "col_2"]),
        (3, 1, ["row_1", "row_2"]),
        (9, 4, ["row_1", "row_2", "col_1", "col_2", "col_3"]),
    ],
)
def test_the_last_row_and_the_last_column_are_the_baselines(size, columns, expected):
    assert terms.slot_terms(size, columns) == expected
    row, col = terms.grid(np.arange(1, size + 1), columns)
    X = terms.matrix(expected, {"row": row, "col": col})
    # with the baselines left out nothing is collinear, and nothing more could be added
    assert np.linalg.matrix_rank(np.column_stack([np.ones(size), X])) == len(expected) + 1


def test_positions_are_read_row_by_row():
    row, col = terms.grid([1, 4, 5, 8], 4)
    assert row.tolist() == [1, 1, 2, 2]
    assert col.tolist() == [1, 4, 1, 4]


def test_default_terms_are_the_levels_varied_after_the_slots():
    varied = ["price_cents", "position", "rating", "review_count", "short_title"]
    assert terms.default_terms(varied, 4, 2) == [
        "row_1",
        "col_1",
        "log_price",
        "rating",
        "log_review_count",
        "short_title",
    ]
