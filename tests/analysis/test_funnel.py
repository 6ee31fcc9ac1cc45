"""The funnel's estimates against choices drawn here, and against statsmodels."""

import numpy as np
import pandas as pd
import pytest

from aces.errors import EstimationError
from analysis.display import percent_with_limits, with_limits
from analysis.funnel import FunnelEffects, FunnelRates, opened, stages

CLICK = {"1": -0.6, "row_1": 1.0, "log_price": -0.8}
BUY = {"row_1": 0.0, "log_price": -1.5}


def shoppers(seed, worlds=400, click=CLICK, match=0.0, size=8, repeats=1):
    """A long table of shoppers who open by one rule and buy, or leave, by another."""
    rng = np.random.default_rng(seed)
    slot = np.argsort(rng.random((worlds, size)), axis=1) + 1
    price = rng.normal(0, 0.4, (worlds, size))
    slot, price = np.repeat(slot, repeats, axis=0), np.repeat(price, repeats, axis=0)
    n, top = len(slot), slot <= size // 2
    liked = match * rng.normal(size=(n, size))
    pull = click["1"] + click["row_1"] * top + click["log_price"] * price + liked
    clicked = pull + rng.logistic(size=(n, size)) > 0
    worth = BUY["row_1"] * top + BUY["log_price"] * price + liked + rng.gumbel(size=(n, size))
    worth = np.where(clicked, worth, -np.inf)
    buys = worth.max(axis=1) > rng.gumbel(size=n)
    chosen = np.zeros((n, size), int)
    chosen[np.flatnonzero(buys), worth.argmax(axis=1)[buys]] = 1
    trial = np.repeat(np.arange(n), size)
    return pd.DataFrame(
        {
            "trial_id": trial.astype(str),
            "world_id": (trial // repeats).astype(str),
            "buyer": "own",
            "interface": "json",
            "status": np.where(np.repeat(buys, size), "chosen", "abstained"),
            "position": slot.ravel(),
            "row_1": top.ravel().astype(int),
            "log_price": price.ravel(),
            "seen": 1.0,
            "clicked": clicked.ravel().astype(int),
            "carted": chosen.ravel(),
            "chosen": chosen.ravel(),
        }
    )


def effects(table, terms=("row_1", "log_price")):
    """(stage, term) -> its row of estimates.csv."""
    found = FunnelEffects("funnel", table, terms, effects=None)
    return {(row.estimator.removeprefix("funnel_"), row.term): row for row in found.estimates()}


def test_both_stages_cover_what_was_planted():
    planted = {("click", term): value for term, value in CLICK.items() if term != "1"}
    planted |= {("purchase_given_click", term): value for term, value in BUY.items()}
    held = []
    for seed in range(40):
        found = effects(shoppers(seed, worlds=200))
        held += [found[key].ci_low <= value <= found[key].ci_high for key, value in planted.items()]
    # 152 of 160 expected; 143 or fewer would happen in one of 200 runs
    assert sum(held) > 143


def test_what_is_opened_in_a_bad_slot_is_better_than_it_looks():
    """The slot moves nothing that is bought of what is opened, and yet seems to, backwards."""
    hard = {"1": -2.5, "row_1": 2.0, "log_price": -0.8}
    biased = [effects(shoppers(s, click=hard, match=2.0)) for s in range(5)]
    sound = [effects(shoppers(s, click=hard)) for s in range(5)]
    given, of_all = ("purchase_given_click", "row_1"), ("purchase", "row_1")
    assert np.mean([found[given].ci_high < 0 for found in biased]) == 1
    assert np.mean([found[given].ci_high < 0 for found in sound]) <= 0.2
    # what the random order identifies keeps its sign
    assert all(found["click", "row_1"].ci_low > 0 for found in biased)
    assert all(found[of_all].ci_low > 0 for found in biased)
    note = FunnelEffects("funnel", shoppers(1), ("row_1",), effects=None).table.note
    assert "looks" not in note
    assert "tends to be better than the terms say" in note


def test_clicks_are_a_logit_clustered_by_world():
    import statsmodels.api as sm

    table = shoppers(3, repeats=3, worlds=150)
    found = effects(table)
    X = sm.add_constant(table[["row_1", "log_price"]])
    by = {"groups": table["world_id"].astype(int).to_numpy()}
    fit = sm.Logit(table["clicked"], X).fit(disp=0, cov_type="cluster", cov_kwds=by)
    worlds, rows, terms = 150, len(table), 3
    factor = np.sqrt((rows - terms) / (rows - 1))  # theirs also corrects for the terms
    for term in ("row_1", "log_price"):
        row = found["click", term]
        assert row.estimate == pytest.approx(fit.params[term], abs=1e-6)
        assert row.std_error == pytest.approx(fit.bse[term] * factor, rel=2e-3)
        assert row.n_clusters == worlds


def test_the_answer_tells_what_the_first_row_does_to_both_stages():
    found = FunnelEffects("funnel", shoppers(2), ("row_1", "log_price"), effects=None)
    rows = {(row.estimator.removeprefix("funnel_"), row.term): row for row in found.estimates()}
    (said,) = found.answer
    for stage in ("click", "purchase_given_click"):
        row = rows[stage, "row_1"]
        ends = np.exp([row.estimate, row.ci_low, row.ci_high])
        assert with_limits(*ends, unit="times as high") in said
    assert FunnelEffects("funnel", shoppers(2), ("log_price",), effects=None).answer == []


def test_each_stage_counts_each_listing_once():
    table = shoppers(4, worlds=90)
    table.loc[table["trial_id"] == "0", "status"] = "failed"
    table.loc[table["position"] == 8, "seen"] = 0.0  # below the fold: seen where it was opened
    rates = FunnelRates("funnel", table)
    rows = {(row["slot"], row["ratio"].name): row for row in rates.rows}
    kept = table[table["trial_id"] != "0"]
    for slot in (1, 8):
        part = kept[kept["position"] == slot]
        seen = part if slot == 1 else part[part["clicked"] == 1]
        assert rows[slot, "click_rate"]["n"] == len(seen)
        assert rows[slot, "click_rate"]["value"] == seen["clicked"].mean()
        given = part.loc[part["clicked"] == 1, "chosen"].mean()
        assert rows[slot, "cart_rate"]["value"] == pytest.approx(given)
        assert rows[slot, "order_rate"]["value"] == 1.0
        assert rows[slot, "purchase_rate"]["value"] == part["chosen"].mean()
    first, last = (
        percent_with_limits(*(rows[slot, "click_rate"][name] for name in ("value", "low", "high")))
        for slot in (1, 8)
    )
    assert rates.answer == [
        f"own · json opens {first} of the listings that it sees in slot 1, and {last} of those in "
        "slot 8."
    ]
    assert rates.notes == ["funnel: left out: 1 failed"]
    assert len(rates.table.rows) == 8
    assert len(rates.estimates()) == 32


def test_repeats_on_one_world_do_not_narrow_an_interval():
    once, thrice = shoppers(5, worlds=60), shoppers(5, worlds=60, repeats=3)
    widths = []
    for table in (once, thrice):
        row = FunnelRates("funnel", table).rows[0]
        widths.append(row["high"] - row["low"])
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_a_purchase_without_a_click_is_in_no_figure_given_one():
    table = shoppers(6, worlds=50)
    bought = table["trial_id"].isin(table.loc[table["chosen"] == 1, "trial_id"].head(10))
    table.loc[bought, "clicked"] = 0
    part = opened(stages(table))
    assert not set(part["trial_id"]) & set(table.loc[bought, "trial_id"])
    (note,) = FunnelRates("funnel", table).notes
    assert note.startswith("funnel: 10 purchases of listings that were never opened")


def test_tables_without_a_funnel_say_so():
    table = shoppers(7, worlds=20)
    with pytest.raises(EstimationError, match="mode: browse"):
        FunnelRates("funnel", table.drop(columns="carted")).notes  # noqa: B018
    with pytest.raises(EstimationError, match="no trial was completed"):
        FunnelRates("funnel", table.assign(status="failed")).notes  # noqa: B018
    blind = table.assign(clicked=0, carted=0, chosen=0, status="abstained")
    found = FunnelEffects("funnel", blind, ("row_1",))
    assert len(found.notes) == 3
    assert "no listing was opened" in found.notes[1]
    assert found.estimates() == []
    assert found.table.rows == (("own · json", "row_1", "", "", "", "", "", ""),)
