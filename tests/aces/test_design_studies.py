"""Dominated listings and randomised saturation: levels, and the probabilities they state."""

import itertools
import math
from collections import Counter

import pytest
from pydantic import TypeAdapter, ValidationError

from aces.design import Declaration, Permutation, Rewrite, Saturation, Steering, Table, Tag, draw
from aces.errors import UserError
from aces.seeds import Stream
from aces.types import Listing

DECLARATION = TypeAdapter(Declaration)
STEERING = Steering(gaps=(0.0, 0.1, 0.5), tags=(Tag(level="overall_pick"), Tag(level="sponsored")))


def listings(size):
    return [
        Listing(
            product_id=f"p{i}",
            title=f"Thing {i}",
            price_cents=1999,
            list_price_cents=2999,
            bullets=("Light", "Strong"),
        )
        for i in range(size)
    ]


def saturation(size, sellers, **texts):
    own = {f"p{i}": Rewrite(title=f"New thing {i}", bullets=("New",)) for i in range(size)}
    return Saturation(name="rewritten", sellers=sellers, texts=own | texts)


def draws(declaration, shelf, n):
    stream = Stream(3, "worlds")
    return [declaration.draw(shelf, k, stream.child(k)) for k in range(n)]


@pytest.mark.parametrize(
    ("declaration", "size"), [(STEERING, 2), (STEERING, 4), (saturation(4, (0, 1, 4)), 4)]
)
def test_what_is_drawn_is_as_frequent_as_it_says(declaration, size):
    shelf, n = listings(size), 6000
    found = draws(DECLARATION.validate_json(declaration.model_dump_json()), shelf, n)
    assert found == draws(declaration, shelf, n)
    told = {}
    joint = Counter()
    for each in found:
        key = tuple(
            sorted((name, values) for name, values in each.levels.items() if name != "bullets")
        )
        told[key] = each.probability
        joint[key] += 1
    assert sum(told.values()) == pytest.approx(1)
    for key, probability in told.items():
        error = math.sqrt(probability * (1 - probability) / n)
        assert abs(joint[key] / n - probability) < 4.5 * error
    for name in found[0].marginals:
        for place in range(size):
            seen = Counter(
                (each.levels[name][place], each.marginals[name][place]) for each in found
            )
            chances = dict(seen.keys())
            assert sum(chances.values()) == pytest.approx(1), name
            for (_, chance), count in seen.items():
                assert abs(count / n - chance) < 4.5 * math.sqrt(chance * (1 - chance) / n) + 1e-12


def test_the_dearer_listing_is_one_and_carries_the_tag():
    for each in draws(STEERING, listings(4), 300):
        levels = each.levels
        focal = levels["focal"].index(1)
        gap, tag = levels["gap"][0], levels["tag"][0]
        assert sum(levels["focal"]) == 1
        assert levels["price_cents"][focal] == round(1999 * (1 + gap))
        others = [price for i, price in enumerate(levels["price_cents"]) if i != focal]
        assert set(others) == {1999}
        for name in ("overall_pick", "sponsored"):
            assert levels[name] == tuple(int(i == focal and name == tag) for i in range(4))
        assert levels["list_price_cents"] == (None,) * 4


def test_a_factorial_block_has_every_gap_tag_and_place_once():
    shelf = listings(2)
    rows = tuple(itertools.product(*STEERING.options(shelf)))
    parts = {
        "position": Permutation(),
        "steer": STEERING,
        "factorial": Table(treatments=("steer",), rows=rows),
    }
    stream = Stream(5, "blocks")
    found = [draw(parts, shelf, k, stream.child(k), stream) for k in range(len(rows))]
    cells = {(d.levels["gap"][0], d.levels["tag"][0], d.levels["focal"]) for d in found}
    assert len(cells) == len(rows) == 3 * 3 * 2
    assert found[0].marginals["tag"][0] == pytest.approx(1 / 3)


def test_so_many_sellers_rewrite_as_the_count_says():
    declaration = saturation(4, (0, 1, 4), p2=Rewrite(title="Only a title"))
    for each in draws(declaration, listings(4), 200):
        on, count = each.levels["rewritten"], each.levels["rewritten_count"]
        assert set(count) == {sum(on)} <= {0, 1, 4}
        for i, one in enumerate(on):
            new = {2: "Only a title"}.get(i, f"New thing {i}")
            assert each.levels["title"][i] == (new if one else f"Thing {i}")
            bullets = ["New"] if one and i != 2 else ["Light", "Strong"]
            assert each.levels["bullets"][i] == bullets


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Steering(gaps=(0.1, 0.1), tags=STEERING.tags), "given twice"),
        (lambda: Steering(gaps=(0.1,), tags=(Tag(level="none"),)), "other than 'none'"),
        (lambda: Steering(gaps=(-0.1,), tags=STEERING.tags), "greater than or equal to 0"),
        (lambda: Steering(gaps=(), tags=STEERING.tags), "at least 1"),
        (lambda: saturation(4, (1, 1)), "different numbers"),
        (lambda: saturation(4, (-1, 1)), "from 0 up"),
        (lambda: saturation(4, ()), "at least 1"),
        (Rewrite, "needs one of title"),
    ],
)
def test_what_can_not_be_drawn_is_refused(make, says):
    with pytest.raises(ValidationError, match=says):
        make()


def test_more_rewriting_sellers_than_there_are_is_refused():
    with pytest.raises(UserError, match="5 of 4 sellers"):
        draws(saturation(4, (5,)), listings(4), 1)


def test_gaps_that_rounding_swallows_are_named():
    cheap = listings(1)[0].model_copy(update={"price_cents": 30})
    declaration = Steering(gaps=(0.0, 0.01, 0.5), tags=STEERING.tags)
    assert declaration.unseen(cheap) == [0.01]
    assert declaration.unseen(listings(1)[0]) == []
