"""Runs: completed exactly once, gone on with, extended, refused, and every way to fail counted."""

import json

import pytest

from aces.catalog_store import stored_catalog
from aces.errors import SpecError, StoreError
from aces.store import RunStore
from experiments.executors.local import LocalExecutor
from experiments.run import FailureLimit


def table(folder, query):
    with RunStore.open(folder) as store:
        return store.db.execute(query).fetchall()


def test_a_run_is_complete_and_running_it_again_changes_nothing(go, outcomes, folder):
    shown = []
    result = go(on_progress=lambda progress: shown.append(progress.done))
    assert result.progress.planned == result.progress.done == 12
    assert not result.too_many_failed
    assert shown[-1] == 12
    before = table(folder / "run", "SELECT * FROM outcomes ORDER BY trial_id")
    assert len(before) == 12
    assert go().progress.by_status == result.progress.by_status
    assert table(folder / "run", "SELECT * FROM outcomes ORDER BY trial_id") == before
    assert {status for status, _ in outcomes(folder / "run").values()} <= {"chosen", "abstained"}
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    assert len(manifest["sessions"]) == 2
    assert all(session["ended"] for session in manifest["sessions"])


def test_choices_are_the_shop_s_orders(go, folder):
    go()
    rows = table(
        folder / "run",
        "SELECT o.trial_id, o.product_id, e.data FROM outcomes o JOIN events e USING (trial_id) "
        "WHERE e.kind = 'order'",
    )
    chosen = table(folder / "run", "SELECT count(*) FROM outcomes WHERE status = 'chosen'")[0][0]
    assert len(rows) == chosen > 0
    for _, product_id, data in rows:
        (item,) = json.loads(data)["items"]
        assert (item["product_id"], item["units"]) == (product_id, 1)


def test_any_number_of_workers_gives_the_same_outcomes(go, outcomes, folder):
    go(settings=["worlds_per_task=40"])
    go(settings=["worlds_per_task=40"], out="local", executor=LocalExecutor(2))
    assert outcomes(folder / "local") == outcomes(folder / "run")
    assert len(outcomes(folder / "run")) == 160


def test_a_larger_number_of_worlds_extends_the_run(go, outcomes, folder):
    go()
    first = outcomes(folder / "run")
    assert go(settings=["worlds_per_task=5"]).progress.planned == 20
    extended = outcomes(folder / "run")
    assert list(extended.items())[:12] == list(first.items())
    go(settings=["worlds_per_task=5"], out="fresh")
    assert outcomes(folder / "fresh") == extended
    assert table(folder / "run", "SELECT DISTINCT attempt FROM outcomes") == [(1,)]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["seed=12"], r"seed: 11 there, 12 now"),
        (["shelf.size=5"], r"shelf.size: 6 there, 5 now"),
        (["treatments.price.sigma=0.4"], r"treatments\[1\].sigma: 0.3 there, 0.4 now"),
        (
            ["buyers.planted.coefficients.row_1=1"],
            r"buyers\[0\].coefficients.row_1: 0.9 there, 1.0 now",
        ),
        (["buyers.planted.coefficients.rating=1"], r"coefficients.rating: null there, 1.0 now"),
        (["max_steps=3"], r"max_steps: 15 there, 3 now"),
        (["interface={use: json, mode: browse}"], r'interface\[0\].mode: "one_decision" there'),
        (["seed=12", "name=x", "repeats=2", "max_steps=9", "shelf.size=4"], "and 2 more"),
        (["worlds_per_task=2"], "3 worlds per task, which can only grow; found .*2"),
    ],
)
def test_another_experiment_is_refused_and_named(go, folder, settings, says):
    go()
    before = table(folder / "run", "SELECT key, value FROM meta")
    with pytest.raises(StoreError, match=says):
        go(settings=settings)
    assert table(folder / "run", "SELECT key, value FROM meta") == before


def test_the_analysis_may_change(go):
    go()
    analysis = "analysis=[{use: conditional_logit, terms: [row_1]}]"
    assert go(settings=[analysis]).progress.done == 12


def test_another_catalogue_is_refused(go, demo, folder, write):
    from dataclasses import replace

    from aces.cli.console import read_experiment
    from experiments.executors.inline import InlineExecutor
    from experiments.run import run

    go()
    cheaper = {
        i: item.model_copy(update={"price_cents": item.price_cents + 1})
        for i, item in demo.listings.items()
    }
    with pytest.raises(StoreError, match="the catalogue's products have changed"):
        run(
            read_experiment(write()),
            replace(demo, listings=cheaper),
            folder / "run",
            InlineExecutor(),
        )


def test_buyers_can_be_run_one_at_a_time(go, outcomes, folder):
    assert go(buyers=["blind"]).progress.done == 6
    assert go().progress.done == 12
    go(out="whole")
    assert outcomes(folder / "run") == outcomes(folder / "whole")
    with pytest.raises(SpecError, match="--buyers blnd: no such buyer; did you mean 'blind'"):
        go(buyers=["blnd"])


# -- noise ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("noise", "same"), [("shared", True), ("independent", False)])
def test_shared_noise_makes_the_same_purchases_whatever_the_interface(go, folder, noise, same):
    go(
        ("interface: json", "interface: [{use: json, name: a}, {use: json, name: b}]"),
        settings=[f"buyers.planted.noise={noise}", "worlds_per_task=30"],
        buyers=["planted"],
    )
    rows = table(
        folder / "run",
        "SELECT world_id, count(DISTINCT product_id) FROM latest JOIN trials USING (trial_id) "
        "GROUP BY world_id",
    )
    assert len(rows) == 60
    assert all(count == 1 for _, count in rows) is same


# -- ways to fail ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "cause", "says"),
    [
        ("Raising", "failed", "fault", "ZeroDivisionError: the buyer fell over"),
        ("Nonsense", "failed", "fault", "act() should return an action, found {'type': 'fly'}"),
        ("Unparseable", "failed", "unparseable", "TrialError: I would take the first"),
        ("Idle", "truncated", "", "no order after 15 steps"),
        ("Leaving", "abstained", "", "too dear"),
    ],
)
def test_every_ending_is_counted_as_what_it_is(go, buyer, folder, name, status, cause, says):
    (folder / "broken").touch()
    result = go(buyer(name))
    assert result.progress.by_status == {status: 6}
    assert result.progress.by_cause == ({cause: 6} if cause else {})
    assert result.too_many_failed is (cause == "fault")
    details = table(folder / "run", "SELECT detail, product_id FROM outcomes")
    assert all(says in detail and product is None for detail, product in details)


def test_what_failed_by_the_laboratory_s_fault_is_run_again(go, buyer, folder):
    (folder / "broken").touch()
    worlds = ["worlds_per_task=60"]
    result = go(buyer("Raising"), settings=worlds)
    # it gives up before all are spoilt, and says so
    assert result.too_many_failed
    assert 20 < result.progress.done < 120
    failed = result.progress.done
    (folder / "broken").unlink()
    assert go(buyer("Raising"), settings=worlds).progress.by_status == {
        "chosen": 120 - failed,
        "failed": failed,
    }
    mended = go(buyer("Raising"), settings=worlds, retry_failed=True)
    assert mended.progress.by_status == {"chosen": 120}
    assert not mended.too_many_failed
    attempts = table(
        folder / "run", "SELECT attempt, status, count(*) FROM outcomes GROUP BY attempt, status"
    )
    assert attempts == [(1, "chosen", 120 - failed), (1, "failed", failed), (2, "chosen", failed)]


def test_what_a_buyer_did_is_not_run_again(go, buyer, folder):
    go(buyer("Unparseable"))
    go(buyer("Unparseable"), retry_failed=True)
    assert table(folder / "run", "SELECT DISTINCT attempt FROM outcomes") == [(1,)]


@pytest.mark.parametrize(
    ("text", "failed", "total", "exceeded"),
    [
        ("5%", 5, 100, False),
        ("5%", 6, 100, True),
        ("0", 0, 100, False),
        ("0", 1, 100, True),
        ("3", 3, 4, False),
        ("100%", 100, 100, False),
        ("2.5%", 3, 100, True),
    ],
)
def test_the_limit_of_failures(text, failed, total, exceeded):
    assert FailureLimit.parse(text).exceeded(failed, total) is exceeded


@pytest.mark.parametrize("text", ["", "%", "five", "5 percent", "-1", "-1%", "nan%", "inf%", "1.5"])
def test_limits_that_are_none(text):
    with pytest.raises(SpecError, match="expected a number or a share"):
        FailureLimit.parse(text)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_deadly_trial_takes_no_others_along(go, buyer, folder):
    executor = LocalExecutor(2)
    result = go(buyer("Deadly"), settings=["worlds_per_task=50"], executor=executor)
    assert result.progress.done == 100
    deadly = result.progress.by_cause["worker"]
    assert result.progress.by_status == {"chosen": 100 - deadly, "failed": deadly}
    assert 0 < deadly < 10
    details = table(folder / "run", "SELECT detail FROM outcomes WHERE status = 'failed'")
    assert all("died 2 times on this trial (exit code -9)" in detail for (detail,) in details)


def test_pictures_of_an_arm_are_stored_and_must_exist(go, demo, folder):
    watch, other = demo.slice("fitness_watch", 7)[::6]
    key, _ = demo.listings[other].pictures  # of a product that no shelf shows
    arms = f"arms: [{{name: own}}, {{name: other, changes: {{pictures: [{key}]}}}}]"
    treatment = f"  - {{use: listing, name: photo, products: [{watch}], {arms}}}\n"
    go(("buyers:", f"{treatment}buyers:"), buyers=["blind"])
    with RunStore.open(folder / "run") as store:
        content, media_type = stored_catalog(store).picture(key)
    assert (content[:4], media_type) == (b"\x89PNG", "image/png")
    wrong = treatment.replace(key, "nothing.png")
    with pytest.raises(SpecError, match=r"small.yaml:11 .*picture 'nothing.png', which the cat"):
        go(("buyers:", f"{wrong}buyers:"), out="wrong")
