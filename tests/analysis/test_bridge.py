"""Purchases held against probabilities: an oracle passes, chance and another taste do not."""

import numpy as np
import pandas as pd
import pytest

from aces.errors import EstimationError
from aces.spec import Plugin
from analysis.analyze import analyze_table
from analysis.bridge import bridge
from analysis.estimates import write_estimates

TRUTH = np.array([0.9, -1.8])
SIZE = 8


def softmax(utility):
    weight = np.exp(utility - utility.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def world_table(
    worlds=600, seed=0, *, bought=TRUTH, temperature=1.0, repeats=1, leave=0.0, eta=0.5
):
    """Purchases by `bought` tastes beside probabilities of the true ones, on the same worlds."""
    rng = np.random.default_rng(seed)
    top = np.tile(np.arange(SIZE) < SIZE // 2, (worlds, 1)).astype(float)
    price = rng.normal(0, 0.4, (worlds, SIZE))
    noise = eta * rng.normal(size=(worlds, SIZE))
    X = np.stack([top, price], axis=-1)
    p = softmax(X @ TRUTH + noise)
    shelf = {
        "product_id": np.tile([f"p{i}" for i in range(SIZE)], worlds),
        "row_1": top.ravel(),
        "log_price": price.ravel(),
        "world_id": np.repeat([f"w{k}" for k in range(worlds)], SIZE),
        "interface": "json",
        "cause": "",
        "repeat": 0,
    }
    read = pd.DataFrame(shelf).assign(
        buyer="reader", trial_id="r" + pd.Series(shelf["world_id"]), chosen=0, status="chosen",
        probability=((1 - leave) * p).ravel(),
    )  # fmt: skip
    tables = [read]
    for repeat in range(repeats):
        own = softmax((X @ bought + noise) / temperature)
        drawn = (rng.uniform(size=(worlds, 1)) > own.cumsum(axis=1)).sum(axis=1)
        chosen = (np.arange(SIZE) == np.minimum(drawn, SIZE - 1)[:, None]).astype(int)
        tables.append(
            pd.DataFrame(shelf).assign(
                buyer="shopper", trial_id=f"s{repeat}" + pd.Series(shelf["world_id"]),
                chosen=chosen.ravel(), status="chosen", probability=np.nan,
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def found(table, **options):
    return {line.term: line for line in bridge(table, "shopper", "reader", **options).lines}


def joint(lines):
    return next(line for term, line in lines.items() if "nothing left" in term)


def test_the_same_softmax_is_a_bridge():
    lines = found(world_table(), terms=["row_1", "log_price"])
    assert lines["slope in the logit"].limits[0] < 1 < lines["slope in the logit"].limits[1]
    assert lines["linear slope"].limits[0] < 1 < lines["linear slope"].limits[1]
    assert lines["linear intercept"].limits[0] < 0 < lines["linear intercept"].limits[1]
    assert min(line.p_value for line in lines.values()) > 0.05


@pytest.mark.slow
def test_equality_is_rejected_as_often_as_it_says():
    runs = [
        [line.p_value < 0.05 for line in found(world_table(200, seed), terms=["row_1"]).values()]
        for seed in range(200)
    ]
    rates = np.mean(runs, axis=0)  # 10 expected of 200; 3 to 19 in all but one run in 200
    assert ((rates > 0.01) & (rates < 0.1)).all(), rates


def test_purchases_by_chance_are_not_what_the_probabilities_say():
    lines = found(world_table(bought=np.zeros(2), eta=0.0))
    assert abs(lines["slope in the logit"].estimate) < 0.15
    assert abs(lines["linear intercept"].estimate - 1 / SIZE) < 0.02
    assert all(line.p_value < 1e-6 for line in lines.values())


@pytest.mark.parametrize("temperature", [0.6, 1.6])
def test_another_temperature_is_another_slope(temperature):
    slope = found(world_table(1000, temperature=temperature))["slope in the logit"]
    assert slope.p_value < 1e-6
    assert slope.limits[0] < 1 / temperature < slope.limits[1]


def test_another_taste_of_the_same_strength_shows_beside_the_probability():
    """It moves purchases between rows and leaves the slope near 1."""
    lines = found(world_table(1000, bought=np.array([0.3, -2.0])), terms=["row_1", "log_price"])
    assert joint(lines).p_value < 1e-4


def test_repeats_on_a_world_are_one_cluster():
    made = bridge(world_table(600, repeats=3), "shopper", "reader")
    assert (made.pairs, made.worlds) == (1800, 600)


def test_probabilities_that_leave_room_for_leaving_are_taken_given_a_purchase():
    whole, part = found(world_table()), found(world_table(leave=0.3))
    assert part["linear slope"].estimate == pytest.approx(whole["linear slope"].estimate)


def test_few_pairs_are_warned_of():
    assert "only 499 pairs" in bridge(world_table(499), "shopper", "reader").warnings[0]
    assert bridge(world_table(500), "shopper", "reader").warnings == ()


def test_probabilities_that_are_the_terms_alone_leave_nothing_to_test():
    made = bridge(world_table(eta=0.0), "shopper", "reader", terms=["row_1", "log_price"])
    assert "make up the probabilities" in made.warnings[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace({"buyer": {"reader": "readers"}}), "did you mean 'readers'"),
        (lambda t: t.assign(probability=np.nan), "no probabilities of 'reader'"),
        (lambda t: t.assign(chosen=0), "no purchases of 'shopper'"),
        (lambda t: t.assign(world_id=t["buyer"] + t["world_id"]), "no world in common"),
        (lambda t: t.assign(persona=t["buyer"] + t["row_1"].astype(str)), "no persona in common"),
    ],
)
def test_what_cant_be_paired_is_said(change, says):
    with pytest.raises(EstimationError, match=says):
        bridge(change(world_table(30)), "shopper", "reader")


def test_pairs_keep_to_their_persona():
    """Probabilities of one persona do not explain purchases of another."""
    one = world_table(300, seed=1).assign(persona="one")
    other = world_table(300, seed=2).assign(persona="other")
    other["trial_id"] += "-other"
    made = bridge(pd.concat([one, other]), "shopper", "reader")
    assert (made.pairs, made.worlds) == (600, 300)


def test_an_experiment_file_asks_for_it(tmp_path):
    names = {"name": "paired", "purchases": "shopper", "probabilities": "reader"}
    terms = {"terms": ["row_1", "log_price"]}
    asked = [
        Plugin(use="bridge", name="paired", parameters=names | terms),
        Plugin(use="conditional_logit", name="read",
               parameters={"outcome": "probability", "effects": None} | terms),
    ]  # fmt: skip
    result = analyze_table(world_table(120), name="table", analyses=asked)
    rows = [row for row in result.estimates if row.analysis == "paired"]
    assert [row.term for row in rows][:3] == [
        "slope in the logit", "linear slope", "linear intercept",
    ]  # fmt: skip
    assert {(row.buyer, row.n_trials, row.n_clusters) for row in rows} == {("shopper", 120, 120)}
    assert result.tables()[-1].title.startswith("paired · purchases of shopper")
    assert any("only 120 pairs" in note for note in result.notes)
    assert [fit.group["buyer"] for fit in result.main_fits()] == ["reader"]
    written = pd.read_csv(write_estimates(result.estimates, tmp_path / "estimates.csv"))
    assert (written["estimator"] == "bridge").sum() == len(rows)
