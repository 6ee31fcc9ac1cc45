"""Draws in blocks of worlds: balanced within each, each world alone as random as ever."""

from collections import Counter
from itertools import pairwise

import pytest

from aces.design import Permutation, Square, block_size, draw_world
from aces.seeds import Stream
from aces.types import Listing

TASK = Stream(3, "world", "task")


def listings(size):
    return [Listing(product_id=f"p{i}", title=f"T{i}", price_cents=1000) for i in range(size)]


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
