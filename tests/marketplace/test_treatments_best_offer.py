"""One listing of the shelf is better: which one, by how much, and what could not be seen."""

from collections import Counter

import pytest
from pydantic import ValidationError

from aces.design import BestOffer, Improvement
from aces.errors import UserError
from aces.seeds import Stream
from aces.types import Listing
from marketplace.treatments import TREATMENTS

J = 8


def shelf(price=2000, rating=4.0):
    return [
        Listing(product_id=f"p{i}", title="Thing", price_cents=price, rating=rating)
        for i in range(J)
    ]


def suite(level):
    return TREATMENTS.build("best_offer", {"level": level}).declare()


def draws(declaration, listings, n):
    return [declaration.draw(listings, k, Stream(3, k)) for k in range(n)]


@pytest.mark.parametrize(
    ("level", "field", "best"), [("price", "price_cents", min), ("rating", "rating", max)]
)
def test_the_right_answer_is_the_one_best_and_tests_take_turns(level, field, best):
    declaration = suite(level)
    names = [test.name for test in declaration.tests]
    found = draws(declaration, shelf(), 40 * len(names))
    for k, drawn in enumerate(found):
        values, right = drawn.levels[field], drawn.levels["right_answer"]
        assert sum(right) == 1
        assert values.count(best(values)) == 1
        assert values[right.index(1)] == best(values)
        assert drawn.levels["test"] == (names[k % len(names)],) * J
    where = Counter(drawn.levels["right_answer"].index(1) for drawn in found)
    expected = len(found) / J
    assert sum((n - expected) ** 2 / expected for n in where.values()) < 24.3  # p = .001, 7 df
    redrawn = [d.levels["draws"][0] for d in found if d.levels["test"][0].startswith("random")]
    often = sum(redrawn) / len(redrawn)
    assert (often > 1.5) == (level == "rating"), "rounded ratings tie, prices hardly ever"


def test_levels_and_probability_of_one_better_listing():
    drawn = BestOffer(level="price_cents", tests=(Improvement(name="cent", step=-1),)).draw(
        shelf(), 0, Stream(1)
    )
    assert sorted(drawn.levels["price_cents"]) == [1999] + [2000] * 7
    assert drawn.levels["list_price_cents"] == (None,) * J
    assert drawn.probability == 1 / J
    assert sorted(set(drawn.marginals["right_answer"])) == [1 / J, 1 - 1 / J]


def test_what_rounding_swallows_is_named():
    percent = suite("price")
    assert percent.unseen(shelf(price=2000)[0]) == []
    assert "reduce_01_percent" in percent.unseen(shelf(price=49)[0])
    assert "reduce_10_cent" in percent.unseen(shelf(price=10)[0])
    stars = suite("rating")
    assert stars.unseen(shelf(rating=4.0)[0]) == []
    assert stars.unseen(shelf(rating=5.0)[0]) == [test.name for test in stars.tests]
    with pytest.raises(UserError, match="unique best rating"):
        draws(stars, shelf(rating=5.0), 2)


@pytest.mark.parametrize(
    ("level", "test", "says"),
    [
        ("price", {"name": "x", "factor": 1.1}, "a better price is lower"),
        ("price", {"name": "x", "step": -0.5}, "whole cents"),
        ("price", {"name": "x", "spread": 0.2}, "for ratings"),
        ("rating", {"name": "x", "step": 0.01}, "a tenth of a star or more"),
        ("rating", {"name": "x", "sigma": 0.3}, "for prices"),
        ("rating", {"name": "x"}, "exactly one of"),
        ("price", {"name": "x", "factor": 0.9, "step": -1}, "found factor, step"),
    ],
)
def test_a_test_that_makes_nothing_better_is_refused(level, test, says):
    with pytest.raises(ValidationError, match=says):
        TREATMENTS.config("best_offer")(level=level, tests=[test])
