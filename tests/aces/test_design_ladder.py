"""The price ladder: balanced by block, screened first, with the probabilities it says."""

from collections import Counter

import pytest
from pydantic import ValidationError

from aces.design import Ladder, block_size, draw_world, screen_size
from aces.seeds import Stream
from aces.types import Listing

GAPS = (0.0, 0.01, 0.1, 0.5)


def listings(n, price=1999):
    return [
        Listing(product_id=f"p{i}", title="Same", price_cents=price, list_price_cents=2 * price)
        for i in range(n)
    ]


def drawn(ladder, n, worlds, seed=1):
    pool = listings(n)
    stream = Stream(seed, "world", "t")
    return [draw_world({"l": ladder}, pool, n, False, k, stream)[1] for k in range(worlds)]


@pytest.mark.parametrize("n", [2, 3])
def test_every_gap_and_reference_meets_the_cheapest_in_every_slot_once_in_a_block(n):
    ladder = Ladder(gaps=GAPS, references=(0.5, 2.0), screen=10)
    block = block_size({"l": ladder}, n)
    assert block == 2 * len(GAPS) * n
    worlds = drawn(ladder, n, 10 + 3 * block)[10:]
    for start in range(0, 3 * block, block):
        cells = Counter()
        for world in worlds[start : start + block]:
            levels = world.levels
            gap, price = levels["gap"][0], levels["price_cents"]
            assert sorted(levels["position"]) == list(range(1, n + 1))
            assert levels["list_price_cents"] == (None,) * n
            low = levels["reference_cents"][0]
            assert sorted(price) == [low, *[round(low * (1 + gap))] * (n - 1)]
            slot = levels["position"][price.index(low)] if gap else 0
            cells[levels["reference_cents"][0], gap, slot] += 1
        assert set(cells) == {
            (low, gap, slot)
            for low in (1000, 3998)
            for gap in GAPS
            for slot in (range(1, n + 1) if gap else [0])
        }
        assert {times for (_, gap, _), times in cells.items() if gap} == {1}
        assert {times for (_, gap, _), times in cells.items() if not gap} == {n}


def test_the_screen_comes_first_with_equal_prices_and_the_widest_gap():
    ladder = Ladder(gaps=GAPS, screen=16)
    assert screen_size({"l": ladder}) == 16
    worlds = drawn(ladder, 2, 40)
    assert [w.levels["stage"][0] for w in worlds] == ["screen"] * 16 + ["ladder"] * 24
    assert Counter(w.levels["gap"][0] for w in worlds[:16]) == {0.0: 8, 0.5: 8}
    first = Counter(
        w.levels["position"][min(range(2), key=lambda i: w.levels["price_cents"][i])]
        for w in worlds[:16]
        if w.levels["gap"][0]
    )
    assert first == {1: 4, 2: 4}, "neither slot tells where the cheaper one is"


def test_marginal_and_joint_probabilities_are_those_of_the_draws():
    ladder = Ladder(gaps=GAPS, references=(1.0, 2.0))
    worlds = drawn(ladder, 2, 4000)
    shown = Counter(w.levels["price_cents"][0] for w in worlds)
    told = {w.levels["price_cents"][0]: w.marginals["price_cents"][0] for w in worlds}
    assert sum(told.values()) == pytest.approx(1)
    for price, often in shown.items():
        assert often / 4000 == pytest.approx(told[price], abs=0.02)
    seen = {
        (w.levels["price_cents"], w.levels["position"], w.levels["gap"]): w.probability
        for w in worlds
    }
    assert sum(seen.values()) == pytest.approx(1)


@pytest.mark.parametrize(("price", "swallowed"), [(1999, []), (40, [0.01]), (1, [0.01, 0.1])])
def test_gaps_that_cents_swallow_are_known(price, swallowed):
    assert Ladder(gaps=GAPS).unseen(listings(1, price)[0]) == swallowed


@pytest.mark.parametrize(
    "settings", [{"gaps": [0.1, 0.0]}, {"gaps": []}, {"references": [1, 1]}, {"screen": -1}]
)
def test_ladders_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValidationError):
        Ladder(**settings)
