"""Price and fee weighed against each other on simulated choices whose weights are known."""

import numpy as np
import pandas as pd
import pytest

from analysis.display import with_limits
from analysis.price_integrity import PriceIntegrity, paid_above_least, with_money

SIZE = 6


def choices(seed, price, early, late, worlds=150):
    """A long table of one buyer: log-odds of a dollar of price, and of fee told early and late."""
    generator = np.random.default_rng(seed)
    n = worlds * SIZE
    world = np.repeat(np.arange(worlds), SIZE)
    told = np.repeat(generator.integers(2, size=worlds), SIZE)
    table = pd.DataFrame(
        {
            "trial_id": world.astype(str),
            "world_id": world.astype(str),
            "product_id": [f"p{i}" for i in range(SIZE)] * worlds,
            "buyer": "planted",
            "interface": "json",
            "status": "chosen",
            "price_cents": generator.integers(600, 1400, size=n),
            "fee_cents": generator.choice([0, 200, 400], size=n),
            "fee_told": np.where(told == 1, "checkout", "upfront"),
        }
    )
    weight = np.where(told == 1, late, early)
    utility = price * table["price_cents"] / 100 + weight * table["fee_cents"] / 100
    utility += np.tile(np.linspace(0, 1, SIZE), worlds) + generator.gumbel(size=n)
    best = utility.groupby(world).transform("max")
    return table.assign(chosen=(utility == best).astype(int))


@pytest.mark.slow
def test_intervals_of_the_integrity_hold_it_as_often_as_they_say():
    held = {"upfront": 0, "checkout": 0}
    for seed in range(120):
        for row in PriceIntegrity("x", choices(seed, -0.6, -0.6, -0.2)).rows:
            true = {"upfront": 1, "checkout": 1 / 3}[row["told"]]
            held[row["told"]] += row["integrity"][1] <= true <= row["integrity"][2]
    # 114 expected, 4 standard deviations
    assert all(114 - 10 <= n <= 120 for n in held.values()), held


def test_a_buyer_that_does_not_mind_the_price_has_no_integrity_to_speak_of():
    found = PriceIntegrity("x", choices(3, 0.0, -0.5, 0.0))
    loose = [row for row in found.rows if row["integrity"][1] is None]
    assert loose
    assert any("can be anything" in note for note in found.notes)
    assert "unbounded" in {cell for row in found.table.rows for cell in row}
    for row in found.rows:  # what can be anything is not told
        shown = with_limits(*row["integrity"], unit="times as much as price", digits=2)
        assert (shown in " ".join(found.answer)) == (row not in loose)
    (plot,) = found.plots
    assert sum(map(len, plot.series.values())) == len(found.rows) - len(loose)


def test_trials_that_met_one_world_are_one_cluster():
    table = choices(5, -0.6, -0.6, -0.2)
    again = table.assign(trial_id=table["trial_id"] + "b")
    once, twice = (
        PriceIntegrity("x", t) for t in (table, pd.concat([table, again], ignore_index=True))
    )
    for a, b in zip(once.rows, twice.rows, strict=True):
        assert b["integrity"][0] == pytest.approx(a["integrity"][0])
        assert b["integrity"][1:] == pytest.approx(a["integrity"][1:], rel=0.02)
        assert b["paid_above_least"] == pytest.approx(a["paid_above_least"])
        assert b["n"] == 2 * a["n"]


def test_what_is_paid_above_the_least_is_counted_by_hand():
    table = pd.DataFrame(
        {
            "trial_id": list("aabb"),
            "world_id": list("aabb"),
            "price_cents": [1000, 900, 1000, 700],
            "fee_cents": [0, 300, 100, 0],
            "chosen": [0, 1, 0, 1],
        }
    )
    mean, low, high = paid_above_least(with_money(table))
    assert mean == pytest.approx((2.0 + 0.0) / 2)
    assert low < mean < high
    assert paid_above_least(with_money(table[:2]))[1:] == (None, None)
