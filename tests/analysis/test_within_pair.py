"""Pairs of worlds: the planted difference is found, lost pairs bound it, arms are told apart."""

import numpy as np
import pandas as pd
import pytest

from aces.errors import EstimationError
from aces.spec import Plugin
from analysis.analyze import analyze_table
from analysis.display import points_with_limits
from analysis.within_pair import within_pair

SIZE = 4


def pairs(n=400, *, gain=1.0, arms=2, repeats=1, seed=0, buyers=("b",)):
    """Pairs of shelves of four, equal but for a mark on `p0`; tastes differ from pair to pair."""
    rng = np.random.default_rng(seed)
    rows = []
    for buyer in buyers:
        for pair in range(n):
            worth = rng.normal(0, 1.5, SIZE)
            for arm in range(arms):
                for again in range(repeats):
                    utility = worth + gain * arm * (np.arange(SIZE) == 0)
                    bought = int(np.argmax(utility + rng.gumbel(size=SIZE)))
                    for i in range(SIZE):
                        rows.append(  # noqa: PERF401
                            {
                                "trial_id": f"{buyer}{pair}/{arm}/{again}",
                                "world_id": f"w{pair}/{arm}",
                                "pair": str(pair),
                                "task_id": "t",
                                "buyer": buyer,
                                "interface": "json",
                                "status": "chosen",
                                "cause": "",
                                "product_id": f"p{i}",
                                "seal": int(arm == 1 and i == 0),
                                "prize": int(arm == 2 and i == 0),
                                "chosen": int(i == bought),
                            }
                        )
    return pd.DataFrame(rows)


def lose(table, pair, arm, status="failed"):
    rows = table["trial_id"].str.startswith(f"b{pair}/{arm}/")
    table.loc[rows, ["chosen", "status"]] = [0, status]


def test_the_difference_is_that_of_pairs_by_hand():
    table = pairs(200)
    whole = within_pair(table, "seal", ["seal"])
    (found,) = whole.contrasts
    bought = table[(table["product_id"] == "p0")].pivot_table(
        index="pair", columns=table["world_id"].str[-1], values="chosen"
    )
    up = int(((bought["1"] == 1) & (bought["0"] == 0)).sum())
    down = int(((bought["1"] == 0) & (bought["0"] == 1)).sum())
    assert (found.found.up, found.found.down, found.found.n) == (up, down, 200)
    assert (found.arm, found.first, found.lost) == ("seal", "baseline", 0)
    assert found.found.estimate == pytest.approx((up - down) / 200)
    assert found.shares[0] - found.shares[1] == pytest.approx(found.found.estimate)
    assert found.found.std_error < 0.9 * found.found.unpaired
    (said,) = whole.answer
    assert "seal instead of baseline changes" in said
    assert points_with_limits(found.found.estimate, found.found.low, found.found.high) in said


@pytest.mark.parametrize("gain", [0.0, 1.0])
def test_intervals_hold_the_planted_difference(gain):
    """Over 60 experiments at each gain, against the difference of 40,000 pairs."""
    rng = np.random.default_rng(9)
    worth = rng.normal(0, 1.5, (40_000, SIZE))
    shares = []
    for plus in (gain, 0.0):
        e = np.exp(worth + plus * (np.arange(SIZE) == 0))
        shares.append(float((e[:, 0] / e.sum(axis=1)).mean()))
    truth = shares[0] - shares[1]
    hits = 0
    for seed in range(60):
        (each,) = within_pair(pairs(60, gain=gain, seed=seed), "x", ["seal"]).contrasts
        hits += each.found.low <= truth <= each.found.high
    assert hits >= 52  # of 60 at 95 %: fewer has chance .006


def test_pairs_without_an_outcome_are_lost_counted_and_bound_the_difference():
    table = pairs(100)
    lose(table, 3, 0)
    lose(table, 4, 1, "truncated")
    lose(table, 5, 1, "abstained")  # an outcome: nothing was bought
    found = within_pair(table, "seal", ["seal"])
    (each,) = found.contrasts
    assert (each.found.n, each.lost) == (98, 2)
    gap = each.found.estimate * 98
    assert each.bounds == pytest.approx(((gap - 2) / 100, (gap + 2) / 100))
    assert "2 pairs without an outcome on one side" in found.notes[0]
    kinds = [row.estimator for row in found.estimates()]
    assert kinds == ["within_pair", "within_pair_lowest", "within_pair_highest"]


def test_three_arms_are_each_compared_with_the_first():
    found = within_pair(pairs(150, arms=3), "marks", ["seal", "prize"])
    assert [(each.arm, each.first) for each in found.contrasts] == [
        ("prize", "baseline"),
        ("seal", "baseline"),
    ]
    prize, seal = found.contrasts
    assert prize.found.estimate > seal.found.estimate > 0.05
    assert all(each.found.n == 150 for each in found.contrasts)


def test_levels_of_whole_shelves_and_named_products():
    table = pairs(120)
    table["shift"] = np.where(table["world_id"].str.endswith("1"), 1.4, 0.7)
    found = within_pair(table, "shift", ["shift"], ["p0", "p1"])
    assert (found.contrasts[0].first, found.contrasts[0].arm) == ("shift 0.7", "shift 1.4")
    assert found.outcome == "buying p0 or p1"
    table["whole"] = table["world_id"].str.endswith("1").astype(int)
    leaving = within_pair(table, "leaving", ["whole"])
    assert leaving.outcome == "buying anything"
    assert leaving.contrasts[0].found.estimate == 0


def test_worlds_without_a_pair_and_halves_of_pairs_do_not_count():
    table = pairs(40)
    table.loc[table["pair"] == "3", "pair"] = None
    table = table[table["world_id"] != "w4/1"]
    (each,) = within_pair(table, "seal", ["seal"]).contrasts
    assert (each.found.n, each.lost) == (38, 0)


def test_repeats_of_a_world_are_averaged_first():
    (each,) = within_pair(pairs(80, repeats=3), "seal", ["seal"]).contrasts
    assert (each.found.method, each.found.n, each.found.up) == ("t", 80, None)


@pytest.mark.parametrize(
    ("change", "by", "message"),
    [
        (lambda t: t.drop(columns="pair"), ["seal"], "there is no column 'pair'"),
        (lambda t: t, [], "name the columns"),
        (lambda t: t, ["gold"], "there is no column 'gold'"),
        (lambda t: t[t["seal"].groupby(t["world_id"]).transform("max") == 0], ["seal"], "one arm"),
        (lambda t: t.assign(seal=t.index), ["seal"], "one level per world"),
        (lambda t: t[t["pair"].isin(["1", "2"])], ["seal"], "2 pairs are too few"),
    ],
)
def test_faults_are_named(change, by, message):
    with pytest.raises(EstimationError, match=message):
        within_pair(change(pairs(20)), "x", by)


def test_a_product_that_no_shelf_holds_is_named():
    with pytest.raises(EstimationError, match="no shelf holds p9"):
        within_pair(pairs(5), "x", ["seal"], ["p9"])


def test_a_table_is_analysed_and_a_buyer_without_pairs_is_a_note():
    table = pairs(60, buyers=("b", "c"))
    table.loc[table["buyer"] == "c", ["chosen", "status"]] = [0, "failed"]
    plugin = Plugin(
        use="within_pair", name="seal", parameters={"name": "seal", "by": ["seal"], "products": []}
    )
    found = analyze_table(table, analyses=[plugin])
    assert [row.buyer for row in found.estimates if row.estimator == "within_pair"] == ["b"]
    assert any("c · json: no estimates: 0 pairs are too few" in note for note in found.notes)
