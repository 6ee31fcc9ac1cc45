"""Comparison of versions: planted updates are told and named, and nothing is never proved."""

import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from aces import cli
from aces.errors import UserError
from analysis.comparison.findings import Coefficients, Movers, Products, Ratios
from analysis.comparison.movers import EFFECTS, REST, SHELF
from analysis.comparison.versions import compare_pairs, compare_versions, load_versions
from analysis.display import number
from analysis.estimates import COLUMNS

TASTES = {"row_1": 0.9, "log_price": -1.8, "rating": 0.8, "overall_pick": 1.2}
TERMS = list(TASTES)
APPEAL = np.array([0.6, 0.3, 0.0, -0.3, -0.6, 0.2])
FAVOURED = "p2"


def run(
    name, seed, *, tastes=(), scale=1.0, appeal=0.0, worlds=300, jitter=1.0, of=None, **columns
):
    """One run of a version on drawn shelves; its noise is that of its name, or common to all."""
    rng, own = np.random.default_rng([seed, 0]), np.random.default_rng([seed, *name.encode()])
    if of is not None:
        rng = np.random.default_rng([of, 1])
    size = len(APPEAL)
    shape = (worlds, size)
    x = {
        "row_1": (rng.random(shape).argsort(axis=1) < size // 2).astype(float),
        "log_price": rng.normal(0, 0.4, shape) + 0.3 * APPEAL,
        "rating": rng.normal(0, 0.5, shape),
        "overall_pick": (rng.random(shape).argsort(axis=1) == 0).astype(float),
    }
    common = rng.gumbel(size=shape)
    noise = np.where(own.random((worlds, 1)) < jitter, own.gumbel(size=shape), common)
    tastes = TASTES | dict(tastes)
    worth = APPEAL + appeal * (np.arange(size) == 2) + sum(v * x[t] for t, v in tastes.items())
    total = scale * worth + noise
    world = np.repeat([f"{of or seed}-{i:04}" for i in range(worlds)], size)
    chosen = (total == total.max(axis=1, keepdims=True)).astype(int).ravel()
    made = {"trial_id": np.char.add(f"{name}/", world), "world_id": world, "task_id": "t"}
    made |= {"run": name, "buyer": "model", "interface": "json", "repeat": 0, "status": "chosen"}
    made |= {"product_id": np.tile([f"p{i}" for i in range(size)], worlds), "chosen": chosen}
    made |= {term: values.ravel() for term, values in x.items()}
    return pd.DataFrame(made | columns)


def three(seed, **update):
    jitter = {name: update[name] for name in ("jitter", "worlds") if name in update}
    runs = [run("old", seed, **jitter), run("again", seed, **jitter), run("new", seed, **update)]
    return pd.concat(runs, ignore_index=True)


def asked(table, **options):
    (found,) = compare_pairs(table, TERMS, **options)
    return found


UPDATES = {
    "price": {"tastes": {"log_price": -0.7}},
    "position": {"tastes": {"row_1": 0.1}},
    "noise": {"scale": 0.5},
    FAVOURED: {"appeal": 1.2},
}
MOVED = {"price": 1.1, "position": -0.8, "noise": 0.5, FAVOURED: 1.2}
SEEDS = range(4)


@cache
def updated(cause, seed):
    return asked(three(seed, **UPDATES[cause]), replicate="again")


@pytest.mark.parametrize("cause", UPDATES)
def test_a_planted_update_is_told_and_named(cause):
    """Four batteries: the right cause in three or more, and how far it moved is covered."""
    named, covered = [], []
    for seed in SEEDS:
        found = updated(cause, seed)
        assert found.changed, seed
        assert found.sentence.startswith("Yes: new does not buy as old does (p ")
        named.append([one.name for one in found.causes][:1] == [cause])
        one = found.tastes.cause(cause).found
        if cause == "noise":
            covered.append(one.low <= MOVED[cause] <= one.high)
        else:
            covered.append(abs(one.moved[0] - MOVED[cause]) < 2 * one.error[0])
    assert sum(named) >= 3
    assert sum(covered) >= 3  # of 4; fewer in one of 70 such tests, and these seeds are fixed


def test_noise_alone_is_no_change_of_preferences():
    found = [updated("noise", seed) for seed in SEEDS]
    assert sum(one.tastes.proportional.rest.p_value < 0.05 for one in found) <= 1
    assert all(one.tastes.proportional.scale_p < 0.01 for one in found)
    # ratios to the price coefficient do not see it; log-odds do
    ratios = [r.p_value for one in found for r in one.ratios]
    assert len(ratios) == 12
    assert sum(p < 0.05 for p in ratios) <= 3
    assert all(one.tastes.joint(range(4)).p_value < 0.001 for one in found)
    scale = number(found[0].causes[0].found.scale, 2)
    assert f"more noise (all coefficients are {scale} times [" in found[0].sentence


def test_changed_tastes_are_no_noise():
    found = [updated("price", seed) for seed in SEEDS]
    assert all(one.tastes.proportional.rest.p_value < 0.05 for one in found)
    assert all("noise" not in [cause.name for cause in one.causes] for one in found)


@pytest.mark.slow
@pytest.mark.parametrize("again", ["", "again"])
def test_without_an_update_the_answer_is_yes_in_at_most_one_of_twenty(again):
    said, products, bounds = 0, 0, []
    for seed in range(60):
        table = three(seed, worlds=120)
        table = table if again else table[table["run"] != "again"]
        found = asked(table, replicate=again)
        said += found.changed
        products += bool(found.shares.moved("gained") or found.shares.moved("lost"))
        bounds.append(found.shares.largest)
        assert ("No change larger than" in found.sentence) == (not found.changed)
    assert said <= 7  # 3 expected at most; more in one of 60 such counts
    assert products <= 7
    assert 0.05 < np.mean(bounds) < 0.2


def test_nothing_is_never_said_to_be_proved():
    found = asked(three(3), replicate="again")
    assert not found.changed
    points = number(100 * found.shares.largest, 1)
    odds, term = found.largest_term
    assert found.sentence == (
        f"No change larger than {points} points in a product's share or {number(odds, 2)} in a "
        f"log-odds ({term}) could be seen between old and new (95 % confidence); smaller ones may "
        "be there."
    )
    # the bound is that of the widest of the one-sided intervals
    assert found.shares.largest > np.abs(found.shares.change).max()


def test_equal_outcomes_are_said_to_be_equal_and_bounded():
    table = pd.concat([run("old", 1), run("old", 1, run="new")], ignore_index=True)
    table.loc[table["run"] == "new", "trial_id"] += "/new"
    found = asked(table)
    assert (found.identical, found.p_value) == (True, 1)
    assert found.sentence == (
        "No change larger than 1.0 points in a product's share could be seen between old and new "
        "(95 % confidence): all 300 paired outcomes are equal."
    )  # 1 - .05 ** (1 / 300)
    assert (found.tastes.change.value == 0).all()


def test_deterministic_versions_are_judged_by_their_replicate():
    """Of 300 worlds about ten differ between runs: fifteen more are an update, none are not."""
    table = three(5, jitter=0.05)
    quiet = asked(table, replicate="again")
    assert not quiet.changed
    moved = table["run"].eq("new") & table["world_id"].isin([f"5-{i:04}" for i in range(40)])
    table.loc[moved, "chosen"] = (table.loc[moved, "product_id"] == "p5").astype(int)
    found = asked(table, replicate="again")
    assert found.changed
    assert found.few
    assert 40 <= found.odd.differing <= found.differing < 80
    assert found.odd.new > 2 * found.odd.differing / 3
    assert found.tests["odd one out"] < 1e-3
    assert "p5" in found.shares.moved("gained")
    assert found.shares.moved("lost") == [] or "p5" not in found.shares.moved("lost")


def test_where_few_worlds_speak_there_is_no_interval_of_how_far_a_cause_moved():
    found = asked(three(2, tastes={"log_price": -1.0}, jitter=0.02), replicate="again")
    assert found.few
    said = found.sentence.partition(";")[0]
    assert "[" not in said
    assert "[" in updated("price", 0).sentence
    wide = replace(found, differing=None).sentence
    assert "[" in wide


def test_a_version_that_moved_by_itself_is_no_yardstick():
    restless = run("again", 2, appeal=2.0)
    table = pd.concat([run("old", 2), restless, run("new", 2, appeal=2.0)], ignore_index=True)
    found = asked(table, replicate="again")
    assert found.p_same < 0.001
    assert found.sentence.startswith("Yes, but the update need not be why: ")
    assert "old does not agree with its own replicate (p < .001)" in found.sentence


def test_versions_without_a_world_in_common_are_compared_too():
    changed = {"tastes": {"log_price": -0.5}, "of": 77}
    table = pd.concat([run("old", 1), run("new", 1, **changed)], ignore_index=True)
    found = asked(table)
    assert not found.pair.paired
    assert (found.equal, found.odd) == ((0, 0), None)
    assert found.changed
    assert found.causes[0].name == "price"
    assert found.tastes.n_clusters == 600
    assert "share no world" in found.notes[0]
    mover = found.movers[0]
    assert SHELF in mover.parts
    assert sum(v for v, _ in mover.parts.values()) == pytest.approx(mover.change)


def test_unshared_worlds_without_an_update_differ_by_no_more_than_chance():
    p = []
    for seed in range(12):
        parts = [run("old", seed, worlds=100), run("new", seed, worlds=100, of=500 + seed)]
        p.append(asked(pd.concat(parts, ignore_index=True)).shares.update.joint_p)
    assert sum(value < 0.05 for value in p) <= 3
    assert 0.25 < np.mean(p) < 0.75


def test_worlds_of_one_name_with_other_shelves_are_not_paired():
    new = run("new", 9, of=3).replace({"world_id": r"^3-"}, {"world_id": "1-"}, regex=True)
    new["position"], old = np.arange(len(new)), run("old", 1)
    old["position"] = np.arange(len(old)) % 6
    found = asked(pd.concat([old, new], ignore_index=True))
    assert not found.pair.paired
    assert "hold other shelves" in found.notes[0]


def test_movers_are_taken_apart_by_what_changed():
    found = updated("price", 0)
    for one in found.movers:
        assert sum(value for value, _ in one.parts.values()) == pytest.approx(one.change)
        assert SHELF not in one.parts
    top = found.movers[0]
    assert abs(top.change) == pytest.approx(np.abs(found.shares.change).max(), abs=0.02)
    appeal = updated(FAVOURED, 0).movers[0]
    assert appeal.product == FAVOURED
    value, half = appeal.parts[EFFECTS]
    assert value - half > 0
    assert abs(value) > 0.6 * abs(appeal.change)
    assert abs(appeal.parts[REST][0]) < 0.1


def test_parts_of_a_mover_are_what_the_model_says_when_its_coefficients_change():
    """Small steps: moving only one family's coefficients moves the share by its part."""
    found = asked(three(6, tastes={"log_price": -1.5}, worlds=600), replicate="again")
    (one,) = [each for each in found.movers if each.product == found.movers[0].product]
    rows = pd.concat([run("old", 6, worlds=600), run("again", 6, worlds=600)], ignore_index=True)
    x = np.column_stack([rows[t] for t in TERMS])
    names = [product for product, _ in found.whole.contrasts]
    x = np.hstack([x, rows["product_id"].to_numpy()[:, None] == np.array(names)])
    halfway = (found.whole.fits.first + found.whole.fits.second) / 2

    def share(params):
        weight = np.exp((x @ params).reshape(-1, len(APPEAL)))
        own = (rows["product_id"] == one.product).to_numpy().reshape(weight.shape)
        return float((weight / weight.sum(axis=1, keepdims=True))[own].mean())

    step = np.zeros(len(halfway))
    step[1] = found.whole.fits.difference[1]
    moved = share(halfway + step / 2) - share(halfway - step / 2)
    assert one.parts["price"][0] == pytest.approx(moved, abs=0.003)


def test_buyers_of_one_run_are_compared_in_pairs_and_adjusted():
    parts = [
        run("a", 1, run="r", buyer="a"),
        run("b", 1, run="r", buyer="b"),
        run("c", 1, run="r", buyer="c", tastes={"log_price": -0.6}),
    ]
    found = compare_pairs(pd.concat(parts, ignore_index=True), TERMS)
    assert [one.pair.names for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [one.changed for one in found] == [False, True, True]
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests([one.p_value for one in found], method="holm")[1]
    np.testing.assert_allclose([one.adjusted for one in found], adjusted)


def test_runs_pair_buyers_of_one_name_and_repeats_are_a_replicate():
    first = [run("old", 1, buyer="x"), run("old", 2, buyer="y", trial_id="")]
    first[1]["trial_id"] = "y/" + first[1]["world_id"]
    second = run("new", 1, buyer="x")
    again = run("twin", 1, buyer="x", run="old", repeat=1)
    table = pd.concat([*first, second, again], ignore_index=True)
    (found,) = compare_pairs(table, TERMS)
    assert (found.pair.old.keys["buyer"], found.pair.new.keys["buyer"]) == ("x", "x")
    assert len(found.pair.runs) == 2
    assert found.odd is not None
    assert not np.isnan(found.p_same)


def test_people_stand_beside_the_versions():
    table = three(1, tastes={"log_price": -0.7})
    people = run("people", 1, worlds=90, run="old", buyer="people", interface="shop")
    people["participant"] = [f"someone {i // 18}" for i in range(len(people))]
    table["participant"] = table["world_id"]
    ((answer, *parts),) = compare_versions(
        pd.concat([table, people], ignore_index=True), TERMS, replicate="again"
    )
    assert any(note.startswith("the same choice as people: old") for note in answer.notes)
    tables = {type(part): part for part in parts}
    assert list(tables) == [Products, Coefficients, Ratios, Movers]
    assert "people, %" in tables[Products].table.columns
    coefficients = tables[Coefficients]
    at = coefficients.table.columns.index("people")
    assert all(row[at] for row in coefficients.table.rows)
    assert [plot.title[:10] for plot in coefficients.plots] == ["Coefficien", "Human line"]
    assert "people" in coefficients.plots[1].series
    assert all(abs(p.value - TASTES[p.at]) < 1.5 for p in coefficients.plots[1].series["people"])


def test_estimates_are_rows_with_their_family():
    ((*parts,),) = compare_versions(three(1, appeal=1.2), TERMS, replicate="again")
    rows = [row for part in parts for row in part.estimates()]
    by = pd.DataFrame([row.model_dump() for row in rows], columns=COLUMNS)
    kinds = set(by["estimator"])
    assert kinds == {f"compare_{k}" for k in KINDS}
    adjusted = by[by["p_adjusted"].notna()]
    assert (adjusted["family"] != "").all()
    assert (adjusted["p_adjusted"] >= adjusted["p_value"] - 1e-12).all()
    shares = by[by["estimator"] == "compare_share"]
    assert shares["estimate"].sum() == pytest.approx(0, abs=1e-9)
    assert not by.duplicated(["estimator", "term", "product_id", "task_id", "estimand"]).any()


KINDS = (*("any", "joint", "scale", "cause", "same", "share", "term", "ratio", "explained"),)


def test_what_cannot_be_estimated_is_said_and_shares_are_compared():
    table = three(1, appeal=2.0)
    found = asked(table.assign(rating=1.0), replicate="again")
    assert found.tastes is None
    assert any(note.startswith("no coefficients: ") for note in found.notes)
    assert found.changed
    assert "why can't be said, as there are no coefficients" in found.sentence
    assert FAVOURED in found.shares.moved("gained")
    (no_terms,) = compare_pairs(table, [], replicate="again")
    assert "no analysis has estimates" in " ".join(no_terms.notes)


def test_losses_and_leaving_are_told_apart():
    table = three(1)
    lost = table["run"].eq("new") & table["world_id"].str.endswith("1")
    table.loc[lost, ["chosen", "status"]] = [0, "failed"]
    ((answer, *_),) = compare_versions(table, TERMS, replicate="again")
    assert any("left out: 30 of new" in note for note in answer.notes)
    table.loc[lost, "status"] = "abstained"
    found = asked(table, replicate="again")
    assert found.changed
    assert found.shares.moved("gained") == ["(none of these)"]
    assert "no coefficient is shown to have changed" in found.sentence


def test_who_cannot_be_compared_is_refused():
    table = three(1, worlds=20)
    with pytest.raises(UserError, match="a comparison needs two"):
        compare_pairs(table[table["run"] == "old"], TERMS)
    other = table.replace({"buyer": {"model": "else"}})
    other = pd.concat([table[table["run"] != "again"], other[other["run"] == "again"]])
    with pytest.raises(UserError, match="again repeats no buyer of old"):
        compare_pairs(other, TERMS, replicate="again")


def test_few_worlds_leave_product_effects_out_of_tests():
    found = asked(three(1, worlds=25), replicate="again")
    assert found.tastes.contrasts == ()
    assert any("product effects are in no joint test" in note for note in found.notes)
    one = asked(three(1, worlds=1), replicate="again")
    assert one.tastes is None
    assert not one.changed


def test_the_command_answers_first_and_adds_its_rows(planted_runs, monkeypatch, capsys):
    truth = {"row_1": 0.9, "log_price": -1.8}
    options = {"worlds": 60, "tasks": ("watch",), "noise": "independent"}
    for name, taste in (("march", truth), ("june", truth | {"log_price": 1.0})):
        folder = planted_runs(name, buyers={"model": taste}, **options)
    path = folder.parent
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))
    words = ["analyze", path / "march", path / "june", "--compare", "--replicate", path / "march"]
    monkeypatch.setattr(sys, "argv", ["aces", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out = capsys.readouterr().out
    assert not ended.value.code
    said = out[out.index("Yes: june does not buy as march does") :]
    assert said.index("note: march against its own replicate") < said.index("Did it change?")
    rows = pd.read_csv(path / "june" / "estimates.csv")
    added = rows[rows["analysis"] == "compare · march → june"]
    assert f"added {len(added)} rows of the comparison" in said.replace(",", "")
    assert set(rows["estimator"]) > {"conditional_logit", "compare_any", "compare_share"}
    alone = pd.read_csv(path / "march" / "estimates.csv")
    assert not alone["analysis"].str.startswith("compare").any()


def test_runs_whose_folders_have_one_name_are_told_apart(planted_run):
    one = planted_run("run", worlds=5)
    table, again = load_versions([one, one], one)
    assert list(table["run"].unique()) == ["run", "2/run", "3/run"]
    assert again == "3/run"
    assert table.drop_duplicates("trial_id").shape[0] == 30


def test_the_benchmark_compares_as_the_command_does():
    from benchmarks.comparison import OLD, UPDATES, Update, battery, compared

    name = "noise: all utilities x 0.6"
    runs = {"A": Update(), "B": UPDATES[name], "A2": Update()}
    table = pd.concat([battery(run, one, 5, 40) for run, one in runs.items()], ignore_index=True)
    (found,) = compare_pairs(table, list(OLD), replicate="A2")
    assert compared(5, 40, name, replicate=True).tests == pytest.approx(found.tests)
