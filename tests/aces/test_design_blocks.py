"""Draws in blocks of worlds: balanced within each, each world alone as random as ever."""

from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from pydantic import TypeAdapter

from aces.design import (
    Arm,
    Arms,
    Declaration,
    Factor,
    Headroom,
    Pairs,
    Permutation,
    Removal,
    Square,
    Table,
    Version,
    Versions,
    block_size,
    draw_world,
    fractions,
)
from aces.seeds import Stream
from aces.types import Listing

PLENTY = 40
TASK = Stream(3, "world", "task")


def listings(size):
    return [
        Listing(product_id=f"p{i}", title=f"T{i}", price_cents=1000, stock=PLENTY)
        for i in range(size)
    ]


def worlds(declarations, size, ks, task=TASK):
    """The draws of worlds ks of a task."""
    pool = listings(size)
    return [draw_world(declarations, pool, size, False, k, task)[1] for k in ks]


def orders(square, size, ks, task=TASK):
    """Products in order of their slots, one tuple for each world."""
    drawn = worlds({"position": square}, size, ks, task)
    slots = [each.levels["position"] for each in drawn]
    return [tuple(sorted(range(size), key=lambda i: s[i])) for s in slots]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 8])
@pytest.mark.parametrize("neighbours", [False, True])
def test_every_product_has_every_slot_equally_often_in_each_block(size, neighbours):
    square = Square(neighbours=neighbours)
    block = square.block(size)
    for number in range(3):
        found = orders(square, size, range(number * block, (number + 1) * block))
        counts = Counter((i, slot) for order in found for slot, i in enumerate(order))
        assert set(counts.values()) == {block // size}
        assert len(counts) == size**2


@pytest.mark.parametrize("size", [2, 3, 5, 6, 8])
def test_williams_squares_balance_neighbours_too(size):
    square = Square(neighbours=True)
    for number in range(3):
        block = square.block(size)
        found = orders(square, size, range(number * block, (number + 1) * block))
        after = Counter(pair for order in found for pair in pairwise(order))
        assert len(after) == size * (size - 1)
        assert set(after.values()) == {1 if size % 2 == 0 else 2}


@pytest.mark.parametrize("neighbours", [False, True])
def test_symbols_and_rows_are_drawn_again_for_each_block(neighbours):
    square = Square(neighbours=neighbours)
    blocks = {tuple(orders(square, 8, range(b, b + 8))) for b in range(0, 320, 8)}
    assert len(blocks) == 40
    assert len({rows[0] for rows in blocks}) > 35
    # rotations would keep the same neighbour in every block
    assert len({rows[0][rows[0].index(0) - 1] for rows in blocks}) == 7


@pytest.mark.parametrize("neighbours", [False, True])
@pytest.mark.parametrize("k", [0, 2])
def test_a_world_alone_is_in_uniformly_random_order(neighbours, k):
    square, n = Square(neighbours=neighbours), 3000
    found = Counter(orders(square, 3, [k], Stream(i))[0] for i in range(n))
    assert len(found) == 6
    assert all(abs(count - n / 6) < 5 * (n * 5 / 36) ** 0.5 for count in found.values())
    drawn = worlds({"position": square}, 3, [k])[0]
    assert drawn.probability == pytest.approx(1 / 6)
    assert drawn.marginals["position"] == pytest.approx((1 / 3,) * 3)


def test_blocks_of_several_declarations_end_together():
    assert block_size({"a": Permutation()}, 8) == 1
    assert block_size({"a": Square()}, 5) == 5
    assert block_size({"a": Square(neighbours=True), "b": Square(level="other")}, 5) == 10


# -- treatments set together ----------------------------------------------------------------

PRICE = Factor(level="price_cents", distribution="levels", factors=(0.8, 1.0, 1.25), scope="shelf")
BADGE = Arms(
    name="eco",
    unit="listing",
    products=("p0", "p2"),
    arms=(Arm(name="no"), Arm(name="yes", changes={"stock": 3})),
)
PAGE = Versions(
    name="page",
    versions=(
        Version(name="a", settings={"theme": "marigold"}),
        Version(name="b", settings={"theme": "harbor"}),
    ),
)
PARTS = {"position": Permutation(), "price": PRICE, "eco": BADGE, "page": PAGE}
CROSSED = Table(treatments=("price", "eco", "page"), rows=fractions.full([3, 2, 2, 2]))


def setting(drawn):
    levels = drawn.levels
    return (levels["price_cents"][0], *levels["eco"][::2], levels["page"][0])


def test_a_block_has_every_combination_once_in_drawn_order():
    declarations = {**PARTS, "factorial": CROSSED}
    blocks = []
    for number in range(3):
        drawn = worlds(declarations, 3, range(24 * number, 24 * number + 24))
        blocks.append([setting(each) for each in drawn])
        assert len(set(blocks[-1])) == 24
        for each in drawn:
            assert each.probability == pytest.approx(1 / 24 / 6)  # six orders of three products
            assert each.levels["stock"][0] == (3 if each.levels["eco"][0] else PLENTY)
            assert each.marginals["eco"] == (0.5, 1.0, 0.5)
            assert each.marginals["price_cents"] == pytest.approx((1 / 3,) * 3)
    assert blocks[0] != blocks[1]
    assert len({each.levels["position"] for each in drawn}) > 3
    assert block_size(declarations, 3) == 24
    assert block_size({**declarations, "position": Square()}, 5) == 120


def test_probabilities_of_a_table_are_those_of_what_is_shown():
    # 0.999 and 1 lead to one price, and option 1 is taken in three of four worlds
    price = Factor(
        level="price_cents", distribution="levels", factors=(0.9999, 1.0, 2.0), scope="shelf"
    )
    table = Table(treatments=("price",), rows=((0,), (1,), (1,), (2,)))
    drawn = worlds({"price": price, "table": table}, 2, range(4))
    assert Counter((d.levels["price_cents"], d.probability) for d in drawn) == {
        ((1000, 1000), 0.75): 3,
        ((2000, 2000), 0.25): 1,
    }
    assert all(d.marginals["price_cents"] == (d.probability,) * 2 for d in drawn)


def test_a_pair_is_equal_but_for_one_treatment():
    declarations = {**PARTS, "rating": Headroom(), "paired": Pairs(treatment="page", worlds=2)}
    drawn = worlds(declarations, 4, range(200))
    first = 0
    for one, other in zip(drawn[::2], drawn[1::2], strict=True):
        assert one.probability == other.probability
        differing = {n for n in one.levels if one.levels[n] != other.levels[n]}
        assert differing == {"page", "theme"}
        first += one.levels["page"][0]
    assert 25 < first < 75  # which comes first is drawn
    names = Counter(each.levels["pair"][0] for each in drawn)
    assert len(names) == 100
    assert set(names.values()) == {2}
    assert names.keys().isdisjoint(
        each.levels["pair"][0] for each in worlds(declarations, 4, range(9), Stream("another"))
    )


def test_tables_and_pairs_are_drawn_again_from_what_is_stored():
    stored = TypeAdapter(dict[str, Declaration])
    for extra in (CROSSED, Pairs(treatment="price", worlds=3)):
        declarations = {**PARTS, "design": extra}
        again = stored.validate_json(stored.dump_json(declarations))
        assert worlds(declarations, 3, range(30)) == worlds(again, 3, range(30))


@pytest.mark.parametrize(
    ("factors", "resolution", "runs"),
    [(3, 3, 4), (7, 3, 8), (4, 4, 8), (8, 4, 16), (5, 5, 16), (8, 5, 64), (6, 6, 32), (24, 4, 64)],
)
def test_fractions_are_as_small_as_tables_of_designs_have_them(factors, resolution, runs):
    vectors = fractions.vectors_of_resolution(factors, resolution)
    rows = np.array(fractions.fraction(vectors))
    assert rows.shape == (runs, factors)
    # contrasts of up to resolution - 1 factors sum to zero: none is constant
    signs = 1 - 2 * rows
    for size in range(1, min(resolution, 4)):
        for some in combinations(range(factors), size):
            assert signs[:, some].prod(axis=1).sum() == 0
    assert not fractions.words(vectors, resolution - 1)


def test_aliases_are_those_of_the_textbook():
    # 2^(4-1) with D = ABC; 2^(5-2) with D = AB and E = AC
    vectors = fractions.vectors_of_generators("ABCD", {"D": ("A", "B", "C")})
    assert fractions.resolution(vectors) == 4
    assert fractions.aliases("ABCD", vectors) == ["A:B = C:D", "A:C = B:D", "A:D = B:C"]
    vectors = fractions.vectors_of_generators("ABCDE", {"D": ("A", "B"), "E": ("A", "C")})
    assert fractions.resolution(vectors) == 3
    assert set(fractions.aliases("ABCDE", vectors)) == {
        "A = B:D = C:E",
        "B = A:D",
        "C = A:E",
        "D = A:B",
        "E = A:C",
        "B:C = D:E",
        "B:E = C:D",
    }
    assert len(fractions.fraction(vectors)) == 8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fractions.full([2] * 13), "8,192 combinations"),
        (lambda: fractions.vectors_of_resolution(60, 6), "more than 4,096 runs"),
        (lambda: fractions.vectors_of_generators("AB", {"C": ("A",)}), "no factor 'C'"),
        (lambda: fractions.vectors_of_generators("ABC", {"B": ("A",), "C": ("B",)}), "no gener"),
    ],
)
def test_impossible_factorials_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# -- products left out ----------------------------------------------------------------------


@pytest.mark.parametrize("among", [None, ("p0", "p3", "p4")])
def test_every_choice_of_what_is_left_out_is_equally_likely(among):
    pool, n = listings(5), 3000
    declarations = {"menu": Removal(count=2, among=among), "position": Permutation()}
    kept = Counter()
    for k in range(n):
        shown, drawn = draw_world(declarations, pool, 5, False, k, TASK)
        kept[tuple(item.product_id for item in shown)] += 1
        assert sorted(drawn.levels["position"]) == [1, 2, 3]
        assert drawn.probability == pytest.approx(1 / (3 if among else 10) / 6)
    choices = 3 if among else 10
    assert len(kept) == choices
    assert all(len(names) == 3 and list(names) == sorted(names) for names in kept)
    assert all(abs(c - n / choices) < 5 * (n / choices) ** 0.5 for c in kept.values())
    assert all({"p1", "p2"} <= set(names) for names in kept) == bool(among)
