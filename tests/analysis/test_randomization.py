"""Sharp hypotheses by drawing again: exact where they hold, found where they do not."""

import numpy as np
import pytest

from aces.errors import EstimationError
from aces.spec import Plugin
from aces.store import RunStore
from analysis import randomization as module
from analysis.analyze import analyze
from analysis.frame import choices
from analysis.randomization import randomization
from analysis.study import Study

BUYERS = {"planted": {"log_price": -1.8, "overall_pick": 1.2, "row_1": 0.9}, "blind": {}}


@pytest.fixture(scope="module")
def run(planted_runs):
    return planted_runs("randomization", worlds=60, buyers=BUYERS)


@pytest.fixture
def stored(run):
    with RunStore.open(run) as store:
        yield choices(store), Study.of(store)


def sharp(stored, *wanted, draws=999, rows=None):
    table, study = stored
    found = randomization(table if rows is None else rows, study, wanted, draws, "sharp")
    return {(test.group["buyer"], test.term): test for test in found.tests}


def test_what_is_planted_is_found_and_nothing_else(run):
    asked = Plugin(
        use="randomization", name="sharp", parameters={"name": "sharp", "terms": [], "draws": 499}
    )
    with RunStore.open(run) as store:
        found = analyze(store, analyses=[asked])
    p = {
        (row.buyer, row.term): row.p_value
        for row in found.estimates
        if row.estimator == "randomization"
    }
    assert len(p) == 2 * 10
    for term in ("log_price", "row_1"):
        assert p["planted", f"score[{term}]"] <= 0.02
    assert min(p.values()) >= 1 / 500
    blind = [value for (buyer, _), value in p.items() if buyer == "blind"]
    assert min(blind) > 0.005
    table = next(f.table for f in found.findings if f.table.title.startswith("sharp"))
    assert "`sponsored`, given who carries" in str(table.rows)
    said = next(f.answer for f in found.findings if f.table.title.startswith("sharp"))
    assert said.startswith("of 20 sharp nulls, ")
    assert "log_price of planted" in said
    assert "blind" not in said


@pytest.mark.slow
def test_the_level_is_exact_where_no_choice_depends_on_the_term(stored):
    table, _ = stored
    rows = table[table["buyer"] == "blind"].reset_index(drop=True)
    sizes = rows.groupby("trial_id", sort=False).size().to_numpy()
    starts = np.cumsum(sizes) - sizes
    rng, p = np.random.default_rng(1), []
    for _ in range(200):
        # the first products are liked much more: no two listings are alike
        liking = np.exp(-0.4 * np.arange(8))
        chosen = np.zeros(len(rows), dtype=int)
        chosen[starts + rng.choice(8, len(starts), p=liking / liking.sum())] = 1
        found = sharp(stored, "scarcity", draws=99, rows=rows.assign(chosen=chosen))
        p.append(found["blind", "scarcity"].p_value)
    p = np.array(p)
    assert 0.015 <= (p <= 0.05).mean() <= 0.095
    assert 0.13 <= (p <= 0.2).mean() <= 0.28
    assert np.allclose(p * 100, np.round(p * 100))


def test_slots_agree_with_permutations_made_by_hand(stored):
    table, _ = stored
    found = sharp(stored, "pos_1", draws=1999)["planted", "pos_1"]
    rows = table[table["buyer"] == "planted"].sort_values(["trial_id", "product_id"])
    chosen = rows["chosen"].to_numpy().reshape(-1, 8)
    liked = rows.groupby("product_id")["chosen"].sum().reindex(rows["product_id"]).to_numpy()
    liked = liked.reshape(-1, 8) / liked.reshape(-1, 8).sum(axis=1, keepdims=True)
    weight, slots = chosen - liked, rows["position"].to_numpy().reshape(-1, 8)
    rng = np.random.default_rng(2)
    drawn = [(weight * (rng.permuted(slots, axis=1) == 1)).sum() for _ in range(4000)]
    z = ((weight * (slots == 1)).sum() - np.mean(drawn)) / np.std(drawn)
    assert found.z == pytest.approx(z, abs=0.15)


def test_a_pool_stands_for_worlds_drawn_one_by_one(stored, monkeypatch):
    quick = sharp(stored, "log_price", draws=399)
    monkeypatch.setattr(module, "_pools", lambda null, term: None)
    slow = sharp(stored, "log_price", draws=49)
    for buyer in BUYERS:
        one, other = quick[buyer, "log_price"].z, slow[buyer, "log_price"].z
        assert one == pytest.approx(other, rel=0.35, abs=0.5)


def test_what_can_not_be_drawn_again_is_said(stored):
    table, study = stored
    found = randomization(table, study, ["row_1", "row_1:sponsored", "discounted"], 99, "sharp")
    assert {test.term for test in found.tests} == {"row_1"}
    said = " ".join(found.notes)
    assert "row_1:sponsored: not tested: no sharp hypothesis" in said
    assert "discounted: not tested: no treatment draws" in said
    with pytest.raises(EstimationError, match="no stored design"):
        randomization(table, None, ["row_1"], 99, "sharp")
    few = table[table["trial_id"].isin(table["trial_id"].unique()[:9])]
    with pytest.raises(EstimationError, match="a test needs 10"):
        randomization(few, study, ["row_1"], 99, "sharp")
