"""Parts of a world drawn again: they must be distributed as in worlds that agree in all else."""

from collections import Counter

import numpy as np
import pytest

from aces.design import Arm, Arms, Tag, Tags
from aces.design.conditional import redraw_arm, redraw_slots, redraw_tag
from aces.seeds import Stream
from aces.types import Listing

SHELF = [Listing(product_id=f"p{i}", title=f"P {i}", price_cents=1000 + i) for i in range(4)]
TAGS = Tags(
    tags=(
        Tag(level="sponsored", probability=0.6, most=3),
        Tag(level="pick", probability=0.5),
        Tag(level="scarcity", probability=0.7, most=2),
    )
)


def drawn(declaration, columns, n):
    """(n, J, columns) levels of fresh worlds."""
    worlds = [declaration.draw(SHELF, k, Stream("fresh", k)).levels for k in range(1, n + 1)]
    return np.array([[w[c] for c in columns] for w in worlds]).transpose(0, 2, 1) > 0


@pytest.mark.parametrize("level", ["sponsored", "pick", "scarcity"])
def test_a_tag_is_drawn_again_as_worlds_that_agree_in_the_others_have_it(level):
    names = [tag.level for tag in TAGS.tags]
    own = names.index(level)
    fresh = drawn(TAGS, names, 12_000)
    others = np.delete(fresh, own, axis=2).reshape(len(fresh), -1)
    # the most common ways in which the others may stand
    keys = [row.tobytes() for row in others]
    for key, n in Counter(keys).most_common(3):
        alike = fresh[[k == key for k in keys]]
        again = redraw_tag(TAGS, level, alike[:1], n, np.random.default_rng(1))[0]
        was = Counter(row.tobytes() for row in alike[:, :, own])
        now = Counter(row.tobytes() for row in again)
        for holders in was | now:
            p = (was[holders] + now[holders]) / (2 * n)
            assert abs(was[holders] - now[holders]) / n < 4.5 * np.sqrt(2 * p * (1 - p) / n)


def test_a_tag_never_lands_on_a_listing_that_carries_another():
    names = [tag.level for tag in TAGS.tags]
    held = drawn(TAGS, names, 300)
    again = redraw_tag(TAGS, "scarcity", held, 20, np.random.default_rng(2))
    assert not (again & held[:, None, :, :2].any(axis=3)).any()
    assert again.any()
    assert again.sum(axis=2).max() == 2


ARMS = (Arm(name="plain"), Arm(name="bold", weight=2), Arm(name="loud", weight=3))


@pytest.mark.parametrize("unit", ["listing", "world"])
def test_an_arm_is_drawn_again_against_the_first_only(unit):
    arms = Arms(name="look", arms=ARMS, unit=unit, products=("p0", "p2", "p3"))
    held = drawn(arms, arms.columns(), 200)
    chosen = np.array([[True, False, True, True]] * 200)
    again = redraw_arm(arms, "look_bold", held, chosen, 400, np.random.default_rng(3))
    loud = held[:, :, 1]
    assert not again[:, :, 1].any()
    assert not (again & loud[:, None]).any()
    free = chosen & ~loud
    share = again.mean(axis=1)[free]
    assert share.mean() == pytest.approx(2 / 3, abs=0.01)
    if unit == "world":  # one version for all of a world
        assert (again[:, :, 0] == again[:, :, 2]).all()
    else:
        assert (again[:, :, 0] != again[:, :, 2]).any()


def test_rows_are_drawn_again_within_columns():
    generator = np.random.default_rng(4)
    positions = np.array([generator.permutation(8) + 1 for _ in range(50)])
    column = (positions - 1) % 4
    again = redraw_slots(positions, column, 2000, generator)
    assert (np.sort(again, axis=2) == np.arange(1, 9)).all()
    assert ((again - 1) % 4 == column[:, None]).all()
    top = (again <= 4).mean(axis=1)
    assert np.abs(top - 0.5).max() < 0.06
    # listings of two columns move independently
    first = again[0] <= 4
    i, j = np.flatnonzero(column[0] == 0)[0], np.flatnonzero(column[0] == 1)[0]
    assert abs(np.corrcoef(first[:, i], first[:, j])[0, 1]) < 0.1


def test_all_slots_are_drawn_again_alike():
    again = redraw_slots(np.array([[3, 1, 2]]), None, 6000, np.random.default_rng(5))[0]
    counts = Counter(map(tuple, again.tolist()))
    assert len(counts) == 6
    assert max(abs(n - 1000) for n in counts.values()) < 130
