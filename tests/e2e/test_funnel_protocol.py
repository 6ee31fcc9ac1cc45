"""The shipped funnel: planted searchers through the shop, from impression to order."""

import json
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from analysis.analyze import analyze_paths
from analysis.frame import load_choices
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "funnel.yaml"


@pytest.fixture(scope="module")
def go(demo, tmp_path_factory):
    """Runs the protocol with some settings and returns the run's folder."""

    def go(*settings):
        folder = tmp_path_factory.mktemp("funnel") / "run"
        run(read_experiment(CONFIG, settings), demo, folder, InlineExecutor())
        return folder

    return go


def test_slots_move_clicks_and_not_what_is_bought_of_them(go):
    (found,) = analyze_paths([go("worlds_per_task=350")])
    assert [one.table.title for one in found.findings] == [
        "funnel · stages by slot",
        "funnel · effects by stage",
    ]
    rows = {
        (row.buyer, row.estimator.removeprefix("funnel_"), row.term): row
        for row in found.estimates
        if row.analysis == "funnel" and row.estimator != "funnel_rate"
    }
    (spec,) = [buyer for buyer in found.study.spec.buyers if buyer.name == "planted"]
    for stage, key in (("click", "click"), ("purchase_given_click", "buy")):
        planted = spec.parameters[key]
        for term in ("row_1", "col_1", "col_2", "col_3", "log_price", "rating"):
            row = rows["planted", stage, term]
            assert abs(row.estimate - planted.get(term, 0.0)) < 4 * row.std_error, (stage, term)
            assert found.study.truths["planted"].get(f"{key}[{term}]", 0.0) == planted.get(term, 0)
    assert rows["planted", "click", "row_1"].ci_low > 0.7
    assert rows["planted", "purchase", "row_1"].ci_low > 0
    # its slot is worth nothing once opened; what no column holds makes it look harmful
    assert found.study.truths["selective"] is None
    assert rows["selective", "purchase_given_click", "row_1"].ci_high < -0.1
    assert rows["selective", "click", "row_1"].ci_low > 0.7
    assert rows["selective", "purchase", "row_1"].ci_low > 0.2
    plots = [plot for one in found.findings for plot in one.plots]
    assert [len(plot.series) for plot in plots] == [2, 2, 3, 3]


def test_impressions_clicks_carts_and_orders_of_one_trial_are_what_it_did(go):
    opens = [{"type": "open_listing", "product_id": name} for name in ("a", "b")]
    names = ["bindora-desk-25", "gripsby-easy-press"]
    actions = [
        {**opens[0], "product_id": names[0]},
        {"type": "back"},
        {**opens[1], "product_id": names[1]},
        {"type": "back"},
        {**opens[0], "product_id": names[0]},  # once more: one click
        {"type": "add_to_cart", "product_id": names[0]},
        {"type": "click", "target": "remove " + names[0]},
        {"type": "add_to_cart", "product_id": names[1]},
        {"type": "check_out"},
    ]
    buyer = json.dumps([{"use": "scripted", "name": "own", "actions": actions}])
    task = json.dumps([{"id": "stapler", "category": "stapler", "query": "stapler"}])
    table = load_choices(go(f"buyers={buyer}", f"tasks={task}", "worlds_per_task=1"))
    assert list(table["status"].unique()) == ["chosen"]
    done = table.set_index("product_id")[["seen", "clicked", "carted", "chosen"]]
    assert (done["seen"] == 1).all()
    assert list(done.loc[names[0]]) == [1, 1, 1, 0]
    assert list(done.loc[names[1]]) == [1, 1, 1, 1]
    assert (done.drop(names)[["clicked", "carted", "chosen"]] == 0).all().all()


def test_a_buyer_that_never_opens_a_page_is_told_of(go):
    buyer = json.dumps([{"use": "cheapest", "name": "own"}])
    (found,) = analyze_paths([go(f"buyers={buyer}", "worlds_per_task=5")])
    assert any("10 purchases of listings that were never opened" in note for note in found.notes)
    assert any("no listing was opened" in note for note in found.notes)


def test_one_decision_has_no_funnel(go):
    (found,) = analyze_paths([go("interface=json", "worlds_per_task=2")])
    assert "funnel: no estimates: a funnel needs buyers that browse" in " ".join(found.notes)


@pytest.mark.browser
def test_the_same_search_on_screen(go):
    tables = [
        load_choices(go("worlds_per_task=1", f"interface=[{{use: {use}, mode: browse}}]"))
        for use in ("json", "screenshot")
    ]
    columns = ["world_id", "buyer", "product_id", "clicked", "carted", "chosen", "status"]
    as_data, on_screen = (
        table[columns].sort_values(["world_id", "buyer", "product_id"]).reset_index(drop=True)
        for table in tables
    )
    assert as_data["clicked"].sum() > 5
    assert as_data.equals(on_screen)
