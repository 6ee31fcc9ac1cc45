"""Direct effects and spillovers against shares computed by enumeration, and against a buyer of whom
the logit says something else."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from aces.errors import EstimationError
from aces.stats.means import contrast
from analysis.implied_shares import Logit, cells_of, implied_shares
from analysis.spillover import Cell, Shelves, effects, limits, spillovers

SIZE = 8
COUNTS = (0, 1, 4, 7, 8)
TASTES = np.array([0.9, -0.4, 0.3, 0.0, -1.1, 0.5, 0.2, -0.6])
LEAVE = 1.2


def softmax(treated, value):
    """(n, 8) probability of each seller; the rest leave."""
    weight = np.exp(TASTES + value * treated)
    return weight / (weight.sum(axis=1, keepdims=True) + np.exp(LEAVE))


def novelty(treated, value):
    """Who alone has rewritten takes half of what leaving and the others would have got."""
    p = softmax(treated, 0.0)
    alone = (treated.sum(axis=1, keepdims=True) == 1) * treated
    return p * (1 - value * alone.sum(axis=1, keepdims=True)) + value * alone


def ways(count):
    found = np.zeros((len(list(combinations(range(SIZE), count))), SIZE))
    for row, who in zip(found, combinations(range(SIZE), count), strict=True):
        row[list(who)] = 1
    return found


def truth(effect, choose, value):
    """An effect by enumeration of all ways to draw who rewrites."""
    total = 0.0
    for cell, coefficient in effect.cells.items():
        treated = ways(cell.sellers)
        p = choose(treated, value)
        share = 1 - p.sum(axis=1).mean() if cell.kind < 0 else p[treated == cell.kind].mean()
        total += coefficient * share
    return total


def drawn(rng, worlds, choose, value, repeats=1):
    count = rng.choice(COUNTS, size=worlds)
    treated = (np.argsort(rng.random((worlds, SIZE)), axis=1) < count[:, None]).astype(int)
    treated = np.repeat(treated, repeats, axis=0)
    p = choose(treated, value)
    pick = (rng.random((len(p), 1)) > p.cumsum(axis=1)).sum(axis=1)
    bought = (np.arange(SIZE) == pick[:, None]).astype(float)
    return Shelves(bought, treated, np.repeat(np.arange(worlds), repeats))


def table_of(shelves, buyer="one"):
    trials = len(shelves.worlds)
    left = shelves.bought.sum(axis=1) == 0
    return pd.DataFrame(
        {
            "trial_id": np.repeat([f"{buyer}{t:05}" for t in range(trials)], SIZE),
            "world_id": np.repeat([f"w{w}" for w in shelves.worlds], SIZE),
            "buyer": buyer,
            "interface": "json",
            "product_id": [f"p{i}" for i in range(SIZE)] * trials,
            "status": np.repeat(np.where(left, "abstained", "chosen"), SIZE),
            "chosen": shelves.bought.ravel().astype(int),
            "rewritten": shelves.treated.ravel(),
        }
    )


@pytest.mark.parametrize(
    ("choose", "value", "repeats"), [(softmax, 0.8, 1), (softmax, 0.0, 1), (novelty, 0.5, 2)]
)
def test_intervals_hold_what_enumeration_says(choose, value, repeats):
    runs, asked = 200, effects(COUNTS, SIZE)
    wanted = np.array([truth(effect, choose, value) for effect in asked])
    held, values = np.zeros(len(asked)), []
    for seed in range(runs):
        shelves = drawn(np.random.default_rng(seed), 800, choose, value, repeats)
        found = [(effect, shelves.estimate(effect)) for effect in asked]
        ends = np.array([limits(effect, one) for effect, one in found])
        held += (ends[:, 0] <= wanted) & (wanted <= ends[:, 1])
        values.append([one.estimate for _, one in found])
    # the one seller of 160 worlds that has not rewritten sells 9 times: its intervals hold 93 %
    assert 0.935 <= held.mean() / runs <= 0.965
    assert (held / runs >= 0.875).all(), dict(
        zip([e.says for e in asked], held / runs, strict=True)
    )
    error = np.std(values, axis=0) / np.sqrt(runs)
    assert (np.abs(np.mean(values, axis=0) - wanted) < 4.5 * error + 1e-12).all()


def test_what_all_win_is_what_leaving_loses():
    shelves = drawn(np.random.default_rng(1), 500, softmax, 0.8)
    found = {e.name: shelves.estimate(e).estimate for e in effects((0, 8), SIZE)}
    assert SIZE * found["total"] == pytest.approx(-found["outside"], abs=1e-12)
    assert shelves.identity() == pytest.approx(0, abs=1e-12)
    assert Shelves(shelves.bought, shelves.treated * 0, shelves.worlds).identity() is None


def test_a_mean_and_its_error_are_those_of_a_regression_with_clusters():
    import statsmodels.api as sm

    shelves = drawn(np.random.default_rng(2), 300, softmax, 0.8, repeats=2)
    effect = next(e for e in effects(COUNTS, SIZE) if e.name == "direct" and e.at == 4)
    found = shelves.estimate(effect)
    rows = shelves.count == 4
    y, z = shelves.bought[rows].ravel(), shelves.treated[rows].ravel()
    worlds = np.repeat(shelves.worlds[rows], SIZE)
    fitted = sm.OLS(y, sm.add_constant(z)).fit()
    groups = len(np.unique(worlds))
    robust = fitted.get_robustcov_results("cluster", groups=worlds, use_correction=False)
    assert found.estimate == pytest.approx(fitted.params[1])
    assert found.std_error == pytest.approx(robust.bse[1] * np.sqrt(groups / (groups - 1)))


def test_weights_make_a_mean_of_unequal_chances_right():
    rng = np.random.default_rng(3)
    heavy = rng.random(40_000) < 0.2
    chance = np.where(heavy, 0.9, 0.3)
    on = rng.random(40_000) < chance
    y = np.where(heavy, 2.0, 0.0)[on]
    code, clusters = np.zeros(on.sum(), dtype=int), np.flatnonzero(on)
    weighted = contrast(y, code, {0: 1.0}, clusters, 1 / chance[on])
    assert abs(weighted.estimate - 0.4) < 4 * weighted.std_error
    assert abs(contrast(y, code, {0: 1.0}, clusters).estimate - 0.4) > 0.2


def test_the_logit_implies_what_enumeration_says_and_errs_where_choices_are_not_logit():
    X = np.column_stack([np.zeros((SIZE, 1)), np.eye(SIZE)])
    model = Logit(X, np.ones(SIZE, dtype=bool), SIZE, outside=True)
    params = np.array([0.8, *(TASTES - LEAVE)])
    treated = {count: ways(count) for count in COUNTS}
    shares = dict(
        zip(cells_of(COUNTS, SIZE), model.shares(params, np.arange(SIZE), treated), strict=True)
    )
    for effect in effects(COUNTS, SIZE):
        implied = sum(c * shares[tuple(cell)] for cell, c in effect.cells.items())
        assert implied == pytest.approx(truth(effect, softmax, 0.8), abs=1e-12)

    shelves = drawn(np.random.default_rng(4), 3000, novelty, 0.5)
    found = spillovers(table_of(shelves), "rewritten").whose[0]
    gain = next(effect for effect, _ in found.found if effect.name == "gain" and effect.at == 1)
    right = truth(gain, novelty, 0.5)
    by_design, error = shelves.estimate(gain).estimate, shelves.estimate(gain).std_error
    value, implied_error, _, _ = found.implied.combine(gain.cells)
    assert abs(by_design - right) < 4 * error
    assert abs(value - right) > 6 * implied_error


def test_the_logits_intervals_hold_where_choices_are_logit():
    asked = effects(COUNTS, SIZE)
    wanted = np.array([truth(effect, softmax, 0.8) for effect in asked])
    held = np.zeros(len(asked))
    for seed in range(40):
        shelves = drawn(np.random.default_rng(100 + seed), 300, softmax, 0.8)
        implied = implied_shares(table_of(shelves), "rewritten", shelves.counts)
        ends = np.array([implied.combine(effect.cells)[2:] for effect in asked])
        held += (ends[:, 0] <= wanted) & (wanted <= ends[:, 1])
    assert 0.9 <= held.mean() / 40 <= 0.99


def test_failed_trials_are_in_no_share_and_counted():
    shelves = drawn(np.random.default_rng(5), 200, softmax, 0.8)
    table = table_of(shelves)
    # all the trials that bought the first product fail: what is left says nothing of them
    lost = table.loc[(table["product_id"] == "p0") & (table["chosen"] == 1), "trial_id"]
    table.loc[table["trial_id"].isin(lost), ["status", "chosen"]] = ["failed", 0]
    found = spillovers(table, "rewritten")
    assert f"{len(lost)} trials failed or truncated" in found.notes[0]
    assert len(found.whose[0].shelves.worlds) == 200 - len(lost)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop(columns="rewritten"), "no column 'rewritten'"),
        (lambda t: t.assign(rewritten=0), "one saturation only, 0"),
        (lambda t: t.assign(status="failed", chosen=0), "no trial has an outcome"),
        (lambda t: t.iloc[1:], "shelves have 7 and 8 sellers"),
    ],
)
def test_what_can_not_be_told_is_said(change, says):
    shelves = drawn(np.random.default_rng(6), 60, softmax, 0.8)
    with pytest.raises(EstimationError, match=says):
        spillovers(change(table_of(shelves)), "rewritten")


def test_a_buyer_that_only_takes_the_rewritten_has_shares_but_no_logit():
    rng = np.random.default_rng(7)
    shelves = drawn(rng, 300, lambda treated, value: softmax(treated, 0.0) * 0 + treated / 8.0, 0)
    found = spillovers(table_of(shelves), "rewritten")
    assert found.whose[0].implied is None
    assert any("no logit beside the shares" in note for note in found.notes)
    direct = next(c for e, c in found.whose[0].found if e.name == "direct" and e.at == 7)
    assert direct.estimate == pytest.approx(1 / 8, abs=0.02)
    zero = {row.term: row for row in found.estimates()}["share[0,4]"]
    assert (zero.estimate, zero.ci_low) == (0, 0)
    assert zero.ci_high > 0.01


def test_few_worlds_give_numbers_without_intervals():
    shelves = drawn(np.random.default_rng(11), 6, softmax, 0.8)
    found = spillovers(table_of(shelves), "rewritten")
    assert any("too few worlds for an interval" in note for note in found.notes)
    assert found.table.rows
    assert all(row.ci_low is None for row in found.estimates() if row.std_error is None)
    assert Cell(0, 0) not in [cell for e, _ in found.whose[0].found for cell in e.cells] or (
        0 in shelves.counts
    )


def test_a_buyer_without_outcomes_takes_no_other_along():
    shelves = drawn(np.random.default_rng(12), 60, softmax, 0.8)
    dumb = table_of(shelves, "dumb").assign(status="failed", chosen=0)
    found = spillovers(pd.concat([table_of(shelves), dumb], ignore_index=True), "rewritten")
    assert [one.name for one in found.whose] == ["one · json"]
    assert found.notes[-1] == "spillover: no estimates: dumb · json: no trial has an outcome"
