"""An update judged against a replicate: exact in small, size without one, recovery with one."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aces.errors import EstimationError
from aces.stats.exchange import exchange_test
from analysis.comparison.shares import NOTHING
from analysis.drift import Settings, share_drift
from analysis.drift_findings import drift

TASTES = np.array([0.8, 0.4, 0.0, -0.4, -0.8, -1.2])
ASKED = Settings("drift", ("old", "again"), ("new",), ("row_1", "log_price"), effects=None)
OLD = {"row_1": 0.9, "log_price": -1.8}


def shoppers(seed, versions, worlds=100, failed=0.0):
    """Versions with noise of their own on the same worlds; each is coefficients and tastes."""
    rng = np.random.default_rng(seed)
    size = len(TASTES)
    top = rng.random((worlds, size)).argsort(axis=1) < size // 2
    price = rng.normal(0, 0.3, (worlds, size))
    world = np.repeat([f"w{i:04}" for i in range(worlds)], size)
    tables = []
    for name, (taste, moved) in versions.items():
        worth = taste["row_1"] * top + taste["log_price"] * price + TASTES + moved
        worth = worth + rng.gumbel(size=(worlds, size))
        chosen = (worth == worth.max(axis=1, keepdims=True)).astype(int)
        lost = rng.random(worlds) < failed
        chosen[lost] = 0
        columns = {"trial_id": np.char.add(world, name), "world_id": world, "task_id": "t"}
        columns |= {"buyer": name, "interface": "json", "repeat": 0, "chosen": chosen.ravel()}
        columns |= {"status": np.where(np.repeat(lost, size), "failed", "chosen")}
        columns |= {"product_id": np.tile([f"p{i}" for i in range(size)], worlds)}
        columns |= {"row_1": top.ravel().astype(int), "log_price": price.ravel()}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


SAME = {"old": (OLD, 0.0), "again": (OLD, 0.0), "new": (OLD, 0.0)}
GAIN = np.array([0.0, 0.0, 1.5, 0.0, 0.0, 0.0])
UPDATE = SAME | {"new": (OLD | {"row_1": 0.0}, GAIN)}


def rows_of(found, estimator):
    return {
        row.product_id or row.term: row
        for one in found
        for row in one.estimates()
        if row.estimator == estimator
    }


def test_exchanges_within_worlds_are_those_that_can_be_counted():
    """All 3 x 2 x 6 ways to hand two, two and four outcomes of three worlds to the versions."""
    rng = np.random.default_rng(0)
    size, fresh = [3, 2, 4], [1, 1, 2]
    values = rng.normal(size=(9, 2))
    worlds = np.repeat(["a", "b", "c"], size)
    new = np.array([0, 1, 0, 1, 0, 1, 0, 0, 1], dtype=bool)
    found = exchange_test(values, worlds, new, np.random.default_rng(1), draws=20_000)

    def change(picked):
        total, start = np.zeros(2), 0
        for n, own in zip(size, picked, strict=True):
            part = values[start : start + n]
            mine = np.isin(np.arange(n), own)
            total += part[mine].mean(axis=0) - part[~mine].mean(axis=0)
            start += n
        return total

    ways = [combinations(range(n), f) for n, f in zip(size, fresh, strict=True)]
    every = np.array([change(picked) for picked in product(*map(list, ways))])
    assert len(every) == 36
    observed = change([[1], [0], [0, 3]])
    np.testing.assert_allclose(found.change, observed / 3)
    exact = (np.abs(every) >= np.abs(observed) - 1e-9).mean(axis=0)
    np.testing.assert_allclose(found.p_value, exact, atol=0.015)
    squares = (every**2 / every.var(axis=0)).sum(axis=1)
    own = float((observed**2 / every.var(axis=0)).sum())
    assert found.statistic == pytest.approx(own)
    assert found.joint_p == pytest.approx((squares >= own - 1e-9).mean(), abs=0.015)


def test_outcomes_that_never_differ_within_a_world_prove_nothing():
    values = np.repeat(np.eye(3), 2, axis=0)
    worlds, new = np.repeat(["a", "b", "c"], 2), np.array([0, 1] * 3, dtype=bool)
    found = exchange_test(values, worlds, new, np.random.default_rng(0), draws=99)
    assert list(found.p_value) == [1, 1, 1]
    assert found.joint_p == 1
    with pytest.raises(EstimationError, match="no world has outcomes of both"):
        exchange_test(values, worlds, worlds == "a", np.random.default_rng(0))


@pytest.mark.slow
def test_without_an_update_tests_have_their_size():
    joint, twin, terms, found_any, items = [], [], [], 0, []
    for seed in range(60):
        table = shoppers(seed, SAME)
        found = drift(table, ASKED)
        (shares,) = found[0].found
        joint.append(shares.update.joint_p)
        twin.append(shares.replicate.joint_p)
        items += list(shares.update.p_value)
        found_any += bool((shares.adjusted < 0.05).any())
        terms.append(found[1].found[0].update.joint.p_value)
    for p in (joint, twin, terms):
        assert stats.kstest(p, "uniform").pvalue > 0.005
        assert sum(value < 0.05 for value in p) <= 8  # 3 expected; one of 250 such counts is larger
    assert np.mean(np.array(items) < 0.05) < 0.08
    assert found_any <= 8


def test_a_planted_update_is_recovered():
    truth = []
    for seed in range(4):  # what the shares are, from many more shoppers
        big = shoppers(100 + seed, {"old": SAME["old"], "new": UPDATE["new"]}, worlds=5000)
        shares = big.groupby(["buyer", "product_id"])["chosen"].mean()
        truth.append(shares["new"] - shares["old"])
    truth = sum(truth) / 4
    covered, gained = [], []
    for seed in range(12):
        found = drift(shoppers(seed, UPDATE, worlds=300), ASKED)
        (one,) = found[0].found
        rows = rows_of(found, "drift_share")
        covered += [rows[p].ci_low <= truth[p] <= rows[p].ci_high for p in truth.index]
        verdicts = {p: one.verdict(i) for i, (_, p) in enumerate(one.items)}
        gained.append(verdicts["p2"])
        assert found[0].answer[0].startswith("the update changed what is bought (p")
        row = rows["p2"]
        assert f"p2 moved most, by +{100 * row.estimate:.1f} points (95" in found[0].answer[0]
        assert one.update.joint_p < 0.01
        assert all(verdicts[p] != "gained" for p in truth.index if p != "p2")
    assert gained == ["gained"] * 12
    assert sum(covered) >= 64  # of 72; 68.4 expected


@pytest.mark.slow
def test_coefficients_of_an_update_with_product_effects_are_covered():
    asked = Settings("drift", ("old", "again"), ("new",), ("row_1", "log_price"))
    covered = []
    for seed in range(20):
        rows = rows_of(drift(shoppers(seed, UPDATE, worlds=150), asked), "drift_term")
        covered += [rows["row_1"].ci_low <= -0.9 <= rows["row_1"].ci_high]
        covered += [rows["log_price"].ci_low <= 0.0 <= rows["log_price"].ci_high]
    assert sum(covered) >= 34  # of 40; 38 expected


def test_a_version_that_differs_from_itself_is_no_yardstick():
    restless = SAME | {"again": (OLD, GAIN)}
    found = drift(shoppers(3, restless, worlds=300), ASKED)
    assert any("can't be put down to the update" in note for note in found[0].notes)
    assert found[0].answer[0].endswith("this can't be put down to the update.")
    calm = drift(shoppers(3, SAME, worlds=300), ASKED)
    assert any("against itself" in note and "as it should be" in note for note in calm[0].notes)
    assert calm[0].answer[0].startswith("no change of shares is shown (p")
    assert "put down" not in calm[0].answer[0]


def test_a_version_that_answers_the_same_twice_makes_small_updates_visible():
    """Temperature 0: the replicate is equal to the letter, and one new purchase in ten shows."""
    table = shoppers(5, {"old": SAME["old"]}, worlds=200)
    again = table.assign(buyer="again", trial_id=table["trial_id"] + "again")
    new = table.assign(buyer="new", trial_id=table["trial_id"] + "new")
    moved = new["world_id"].isin([f"w{i:04}" for i in range(20)])
    new.loc[moved, "chosen"] = (new.loc[moved, "product_id"] == "p5").astype(int)
    found = drift(pd.concat([table, again, new], ignore_index=True), ASKED)
    (one,) = found[0].found
    assert one.replicate.joint_p == 1
    assert one.update.joint_p < 0.01
    assert one.verdict([p for _, p in one.items].index("p5")) == "gained"
    assert found[1].found[0].replicate_joint.df == 0
    assert found[1].table.rows[-1][6] == "identical"
    same = drift(
        pd.concat(
            [table, again, table.assign(buyer="new", trial_id=new["trial_id"])], ignore_index=True
        ),
        ASKED,
    )
    assert same[0].found[0].update.joint_p == 1
    assert (same[0].found[0].change == 0).all()


def test_failed_trials_are_told_and_leaving_is_an_outcome():
    table = shoppers(8, UPDATE, failed=0.1)
    found = drift(table, ASKED)
    assert any("left out: " in note and " new" in note for note in found[0].notes)
    left = table.assign(status=table["status"].replace("failed", "abstained"))
    (one,) = drift(left, ASKED)[0].found
    assert ("t", NOTHING) in one.items
    assert one.shares[:, 0].sum() == pytest.approx(1)
    assert one.shares[:, 1].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Settings("d", ("old",), ("new",)), "judged against a replicate"),
        (Settings("d", ("old", "agian"), ("new",)), "no buyer 'agian'; did you mean 'again'"),
        (Settings("d", ("old", "again"), ("again",)), "of the old and of the new"),
    ],
)
def test_a_battery_without_what_it_takes_is_refused(asked, says):
    with pytest.raises(EstimationError, match=says):
        drift(shoppers(1, SAME, worlds=5), asked)


def test_shares_that_cannot_be_fitted_are_still_compared():
    asked = Settings("drift", ("old", "again"), ("new",), ())
    found = drift(shoppers(1, SAME), asked)
    assert len(found[0].table.rows) == 6
    assert found[1].table.rows == ()
    assert "nothing varies" in found[1].notes[0]
    rows = shoppers(1, SAME).assign(version="old", twin="a")
    with pytest.raises(EstimationError, match="both versions"):
        share_drift(rows, "json", "drift")
