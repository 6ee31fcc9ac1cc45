"""Drip fees: who buys by totals is told from who does not, through pages and API alike."""

import json
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from aces.errors import EstimationError, SpecError
from aces.store import RunStore
from analysis.analyze import analyze_paths
from analysis.estimators import ESTIMATORS
from experiments.executors.inline import InlineExecutor
from experiments.plan import make_plan
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "drip-fee.yaml"


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    """Runs the protocol with some settings: its folder."""

    def study(*settings):
        folder = tmp_path_factory.mktemp("fees") / "run"
        run(read_experiment(CONFIG, settings), demo, folder, InlineExecutor())
        return folder

    return study


def bought(folder):
    """(buyer, interface, task, k) -> product."""
    with RunStore.open(folder) as store:
        rows = store.db.execute(
            "SELECT t.buyer, t.interface, w.task_id, w.k, o.product_id FROM trials t"
            " JOIN worlds w ON w.world_id = t.world_id JOIN latest o ON o.trial_id = t.trial_id"
        )
        return {tuple(row[:4]): row[4] for row in rows}


def test_integrity_is_recovered_and_who_buys_by_totals_turns_back(study):
    found = analyze_paths([study("worlds_per_task=150")])[0]
    rows = {(row.buyer, row.term): row for row in found.estimates if row.term.endswith("]")}

    def integrity(buyer, told):
        return rows[buyer, f"integrity[{told}]"]

    for buyer, told, true in (
        ("by-total", "upfront", 1),
        ("by-total", "checkout", 1),
        ("by-card", "upfront", 1),
        ("by-card", "checkout", 0),
        ("by-price", "upfront", 0),
        ("by-price", "checkout", 0),
    ):
        row = integrity(buyer, told)
        assert row.ci_low < true < row.ci_high, (buyer, told)
        assert not row.ci_low < 1 - true < row.ci_high, "and the other answer is excluded"
    assert rows["by-total", "turned_back[checkout]"].ci_low > 0.1
    assert rows["by-total", "turned_back[upfront]"].estimate == 0
    assert rows["by-card", "turned_back[checkout]"].estimate == 0
    late = [rows[b, "paid_above_least[checkout]"].estimate for b in ("by-total", "by-card")]
    assert 0 < late[0] < late[1]
    finding = next(f for f in found.findings if "integrity" in f.table.title)
    assert len(finding.table.rows) == 6
    assert len(finding.plots[0].series["by-total · json"]) == 2


def test_late_fees_bring_in_more_from_who_minds_the_card_alone(study):
    minds = [{"use": "utility", "name": f"minds-{w}", "coefficients": {"fee": -w}} for w in (0, 1)]
    folder = study("worlds_per_task=60", f"buyers={json.dumps(minds)}")
    rows = analyze_paths([folder])[0].estimates
    paid = {row.buyer: row for row in rows if row.estimator == "arm_difference_adjusted"}
    assert paid["minds-1"].ci_low > 50
    assert paid["minds-0"].ci_low < 0 < paid["minds-0"].ci_high


def test_where_it_is_told_changes_nothing_for_who_buys_by_totals(study):
    places = [
        bought(
            study(
                "worlds_per_task=40",
                "analysis=[]",
                f"treatments.fee={{use: fee, shares: [0, 0.2, 0.4], told: {told}}}",
            )
        )
        for told in ("upfront", "checkout")
    ]
    differ = {key[0] for key in places[0] if places[0][key] != places[1][key]}
    assert differ == {"by-card"}


@pytest.mark.browser
def test_totals_are_read_alike_from_every_interface(study):
    faces = [
        {"use": use, "mode": "browse"} for use in ("json", "aria", "html", "screenshot", "numbered")
    ]
    faces.append({"use": "html", "name": "raw", "mode": "browse", "pruned": False})
    folder = study(
        "seed=1",
        "worlds_per_task=2",
        "analysis=[]",
        f"interface={json.dumps(faces)}",
        'buyers=[{"use": "total_price", "coefficients": {"price": -2.0}}]',
        "treatments=[{use: position}, {use: price, list_price: keep}, {use: list_price},"
        " {use: fee, shares: [0, 0.5], told: [upfront, checkout]}]",
    )
    found = bought(folder)
    assert len(found) == 6 * 4
    by_json = {key[2:]: product for key, product in found.items() if key[1] == "json"}
    for (_, face, *world), product in found.items():
        assert product == by_json[tuple(world)], face
    with RunStore.open(folder) as store:
        removed = store.db.execute(
            "SELECT t.interface, count(*) FROM events e JOIN trials t ON t.trial_id = e.trial_id"
            " WHERE e.kind = 'cart_remove' GROUP BY t.interface"
        ).fetchall()
    assert len(removed) == 6
    assert len({n for _, n in removed}) == 1, removed


def test_a_fee_told_at_the_checkout_is_refused_where_nobody_sees_one(demo):
    late = "treatments.fee={use: fee, amounts: [0, 100], told: checkout}"
    by_page = (
        "treatments=[{use: fee, amounts: [0, 100]}, {use: page, versions: ["
        "{name: early, settings: {fee_told: upfront}}, "
        "{name: late, settings: {fee_told: checkout}}]}]"
    )
    for setting in (late, by_page):
        spec = read_experiment(CONFIG, [setting, "interface=json"])
        with pytest.raises(SpecError, match=r"drip-fee.yaml:\d+ treatments.*`mode: browse`"):
            make_plan(spec, demo)
        assert make_plan(read_experiment(CONFIG, [setting]), demo)
    early = "treatments.fee={use: fee, amounts: [0, 100], told: upfront}"
    assert make_plan(read_experiment(CONFIG, [early, "interface=json"]), demo)


def test_where_no_model_can_be_fitted_the_rest_is_told(study):
    found = analyze_paths([study("worlds_per_task=2")])[0]
    terms = {row.term.partition("[")[0] for row in found.estimates if row.term.endswith("]")}
    assert {"turned_back", "paid_above_least"} <= terms
    assert "integrity" not in terms
    assert sum("price_integrity, " in note for note in found.notes) == 3


def test_the_place_is_a_factor_like_any_other(demo):
    one = "{use: fee, amounts: [200], told: [upfront, checkout]}"
    drawn = "{use: fee, amounts: [0, 200]}"
    page = (
        "{use: page, name: late, versions: [{name: early, settings: {fee_told: upfront}},"
        " {name: end, settings: {fee_told: checkout}}]}"
    )
    for design, treatments in (
        ("{use: factorial}", one),
        ("{use: paired, by: late}", f"{drawn}, {page}"),
    ):
        settings = [f"design={design}", f"treatments=[{{use: position}}, {treatments}]"]
        plan = make_plan(read_experiment(CONFIG, settings), demo)
        worlds = [plan.assignment("stapler", k) for k in range(20)]
        for pair in zip(worlds[::2], worlds[1::2], strict=True):
            assert {world.levels["fee_told"][0] for world in pair} == {"upfront", "checkout"}
            assert pair[0].levels["fee_cents"] == pair[1].levels["fee_cents"]
            told = {plan.world(world).fee_told for world in pair}
            assert told == {"upfront", "checkout"}


def test_tables_without_fees_are_refused_in_words(study):
    table = analyze_paths([study("worlds_per_task=3")])[0].table
    estimator = ESTIMATORS.build("price_integrity", {})
    for cut, says in (
        (table.drop(columns="fee_told"), "no column 'fee_told'"),
        (table.assign(fee_cents=0, fee=0.0), "no listing has a fee"),
    ):
        with pytest.raises(EstimationError, match=says):
            estimator.across(cut)
