"""Checks of independence of irrelevant alternatives on tables, with listings removed at random."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from aces.errors import EstimationError
from analysis.estimators import ESTIMATORS
from analysis.estimators.iia import IIAEstimator
from analysis.iia_removal import Model, removal, removals

EFFECT = np.array([0.5, 0.2, 0.0, 0.3, -0.2])
LIKE = {"p0": "red", "p1": "red", "p2": "blue", "p3": "blue", "p4": "blue"}
MODEL = Model("chosen ~ price")


def odds(worth, there, scale):
    """(n, 5) choice probabilities among the products that are there."""
    found, total = np.zeros(worth.shape), np.zeros(len(worth))
    for members in ([0, 1], [2, 3, 4]):
        inside = np.exp(worth[:, members] / scale) * there[:, members]
        some = inside.sum(1, keepdims=True)
        found[:, members] = inside * np.where(some > 0, some, 1.0) ** (scale - 1)
        total += np.where(some > 0, some, 0.0)[:, 0] ** scale
    return found / total[:, None]


def table(n=800, seed=0, scale=1.0, removed=None, chance=0.3, buyer="b", repeats=1):
    """Purchases where each world lacks one product, or `removed` in some of them."""
    rng = np.random.default_rng(seed)
    worlds = n // repeats
    price = np.repeat(rng.normal(size=(worlds, 5)), repeats, axis=0)
    if removed is None:
        gone = np.repeat(rng.integers(0, 5, worlds), repeats)
    else:
        gone = np.where(np.repeat(rng.random(worlds) < chance, repeats), removed, 9)
    there = np.arange(5) != gone[:, None]
    p = odds(EFFECT - price, there, scale)
    chosen = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    rows = pd.DataFrame(
        {
            "trial_id": np.repeat([f"{buyer}t{k}" for k in range(n)], 5),
            "world_id": np.repeat([f"w{k // repeats}" for k in range(n)], 5),
            "product_id": np.tile(list(LIKE), n),
            "colour": np.tile(list(LIKE.values()), n),
            "price": price.ravel(),
            "chosen": (np.arange(5) == chosen[:, None]).ravel().astype(int),
            "status": "chosen",
            "buyer": buyer,
            "interface": "page",
            "task_id": "t",
        }
    )
    return rows[there.ravel()].sample(frac=1, random_state=seed)


def split(rows, product):
    has = rows["trial_id"].isin(rows.loc[rows["product_id"] == product, "trial_id"])
    return removal(product, rows[has], rows[~has], MODEL)


def test_predictions_are_those_of_the_logit_with_it():
    """With 40,000 choices: what is predicted is the truth, as odds are those of a logit."""
    rows = table(40_000, removed=0, seed=3)
    found = split(rows, "p0")
    worth = EFFECT - np.random.default_rng(9).normal(size=(200_000, 5))
    truth = odds(worth, np.arange(5) != np.zeros((len(worth), 1)), 1.0).mean(axis=0)
    assert found.products == ("p1", "p2", "p3", "p4")
    assert_allclose(found.predicted, truth[1:], atol=0.006)
    assert_allclose(found.observed, truth[1:], atol=0.012)
    assert_allclose(found.difference.sum(), 0, atol=1e-10)
    assert found.test.df == 3


def test_size_of_the_removal_test_and_coverage_of_its_intervals():
    rejected, covered = 0, []
    for seed in range(60):
        found = split(table(400, removed=0, seed=seed, repeats=2), "p0")
        rejected += found.test.p_value < 0.05
        covered.append(np.abs(found.difference) < 1.98 * found.errors)
    assert rejected <= 9
    assert 0.91 < np.mean(covered) < 0.985


def test_its_like_takes_more_than_its_part():
    hits = 0
    for seed in range(10):
        found = split(table(3000, scale=0.3, removed=0, seed=seed, chance=0.4), "p0")
        hits += found.test.p_value < 0.05
        assert found.products[int(np.argmax(found.difference))] == "p1"
    assert hits >= 9


def test_each_world_lacks_another_one():
    found, lost = removals(table(1500, scale=0.5), MODEL)
    assert not lost
    assert {one.removed for one in found} == set(LIKE)
    for one in found:
        assert one.removed not in one.products
        assert one.n_sets + one.n_fitted == 1500
    _, lost = removals(table(100), MODEL)
    assert any("are too few" in text for text in lost)


def test_what_nobody_bought_with_it_there_is_left_aside():
    rows = table(800, removed=0, seed=1)
    has = rows["trial_id"].isin(rows.loc[rows["product_id"] == "p0", "trial_id"])
    never = has & rows["trial_id"].isin(
        rows.loc[(rows["product_id"] == "p4") & (rows["chosen"] == 1), "trial_id"]
    )
    rows = rows[~never]
    found = split(rows, "p0")
    without = rows[~has.loc[rows.index]]
    assert found.aside == ((without["product_id"] == "p4") & (without["chosen"] == 1)).sum() > 0
    assert "p4" not in found.products


def checks(rows, **given):
    return IIAEstimator(IIAEstimator.Config(terms=("price",), **given)).across(rows)


def test_as_an_analysis():
    rows = table(3000, scale=0.3, removed=0, chance=0.4)
    found = checks(rows, nests="colour", hausman=("p0",), draws=199)
    what = {line[1]: line for line in found.table.rows}
    assert len(what) == 5
    near = next(line for name, line in what.items() if name.startswith("closer"))
    assert near[4] == "<.001"
    assert "1 less dissimilarity, about: blue " in near[5]
    removed = next(line for name, line in what.items() if name.startswith("shares without p0"))
    assert removed[4] in ("<.001", ".001", ".002")
    assert "p1 more" in removed[5]
    hausman = next(line for name, line in what.items() if name.startswith("Hausman"))
    assert "own statistic" in hausman[5]
    plot = found.plots[0]
    assert list(plot.series) == ["without p0"]
    rows = found.estimates()
    gained = {row.product_id: row for row in rows if row.estimator == "iia_removal"}
    assert gained["p1"].ci_low > 0 > gained["p2"].ci_high
    assert {row.estimator for row in rows} == {"iia", "iia_removal", "iia_score"}
    assert any(row.term == "cross[price x shelf mean]" for row in rows)


def test_where_there_is_nothing_to_test_it_is_said():
    rows = table(300, removed=0, chance=0.0)
    found = checks(rows, hausman=("p9",), nests={"one": ("p0",)})
    assert [check.what for check in found.buyers[0].checks] == ["attributes by level of the shelf"]
    assert any("no shelf shows 'p9'" in note for note in found.notes)
    assert any("no group has two listings" in note for note in found.notes)
    still = checks(rows.assign(price=1.0))
    assert any("no score tests" in note for note in still.notes)
    with pytest.raises(EstimationError, match="nothing varies"):
        _ = IIAEstimator(IIAEstimator.Config()).across(rows).notes


def test_listings_of_another_task_are_not_removed():
    first, second = table(200, removed=0, chance=0.0), table(200, seed=1, removed=0, chance=0.0)
    second = second.assign(task_id="u", trial_id=second["trial_id"] + "u")
    second["product_id"] += "u"
    second["world_id"] += "u"
    found, lost = removals(pd.concat([first, second], ignore_index=True), MODEL)
    assert found == []
    assert lost == []


def test_the_plug_in_goes_by_its_name():
    assert ESTIMATORS.load("iia") is IIAEstimator
