"""The page as a treatment: its settings are drawn per world, shown, stored, and taken apart."""

import json
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from aces.design import Version, Versions
from aces.errors import SpecError
from aces.seeds import Stream
from aces.store import RunStore
from aces.types import Listing
from analysis.analyze import analyze
from analysis.frame import load_choices
from experiments.executors.inline import InlineExecutor
from experiments.run import run

VERSIONS = [
    {"name": "plain", "settings": {"theme": "marigold", "columns": 3, "layout": "grid"}},
    {"name": "list", "settings": {"theme": "harbor", "columns": 1, "layout": "list"}},
]
SHELF = [Listing(product_id=f"p{i}", title="Thing", price_cents=100) for i in range(4)]


def page(versions):
    return json.dumps([{"use": "page", "versions": versions}])


def test_one_version_is_drawn_for_the_whole_world_with_its_probability():
    weights = {"a": 1.0, "b": 3.0}
    versions = Versions(
        name="look",
        versions=tuple(
            Version(name=name, weight=weight, settings={"theme": name})
            for name, weight in weights.items()
        ),
    )
    drawn = [versions.draw(SHELF, k, Stream(5, k)) for k in range(2000)]
    assert all(len(set(draw.levels["theme"])) == 1 for draw in drawn)
    for draw in drawn:
        theme = draw.levels["theme"][0]
        assert draw.probability == weights[theme] / 4 == draw.marginals["look"][0]
        assert draw.levels["look"] == (int(theme == "b"),) * 4
    share = sum(draw.levels["look"][0] for draw in drawn) / len(drawn)
    assert abs(share - 0.75) < 4 * (0.75 * 0.25 / 2000) ** 0.5
    assert versions.varied() == []


def test_worlds_have_the_settings_drawn_and_the_table_says_so(go, folder):
    treatments = json.dumps([{"use": "position"}, {"use": "page", "versions": VERSIONS}])
    go(settings=["worlds_per_task=12", f"treatments={treatments}"])
    table = load_choices(folder / "run")
    assert set(table["page"]) == {0, 1}
    listed = table[table["page"] == 1]
    assert set(listed["theme"]) == {"harbor"}
    assert (listed["row"] == listed["position"]).all()
    assert set(listed["col"]) == {1}
    grid = table[table["page"] == 0]
    assert (grid["col"] == (grid["position"] - 1) % 3 + 1).all()
    for _, rows in table.groupby("world_id"):
        assert rows["page"].nunique() == 1


def test_the_world_carries_them(planned):
    plan = planned(treatments=page(VERSIONS))
    worlds = [plan.world(plan.assignment("stapler", k)) for k in range(20)]
    found = {(world.theme, world.columns, world.layout) for world in worlds}
    assert found == {("marigold", 3, "grid"), ("harbor", 1, "list")}


@pytest.mark.parametrize(
    ("versions", "says"),
    [
        ([{"name": "a", "settings": {"theme": "harbor"}}], "at least 2"),
        (
            [
                {"name": "a", "settings": {"theme": "harbor"}},
                {"name": "b", "settings": {"density": "compact"}},
            ],
            "every version must say its density, theme",
        ),
        (
            [
                {"name": "a", "settings": {"theem": "harbor"}},
                {"name": "b", "settings": {"theem": "marigold"}},
            ],
            "did you mean 'theme'",
        ),
        (
            [
                {"name": "a", "settings": {"density": "tight"}},
                {"name": "b", "settings": {"density": "compact"}},
            ],
            "density",
        ),
    ],
)
def test_what_can_t_be_a_page_is_refused_by_line(planned, versions, says):
    with pytest.raises(SpecError, match=says):
        planned(treatments=page(versions))


def test_a_shelf_in_another_currency_needs_a_rate(planned):
    with pytest.raises(SpecError, match="exchange_rate"):
        planned(**{"shelf.currency": "EUR"})
    dollars = planned(treatments="[]")
    yen = planned(
        treatments="[]",
        **{"shelf.currency": "JPY", "shelf.exchange_rate": 150, "shelf.locale": "ja-JP"},
    )
    world = yen.world(yen.assignment("stapler", 0))
    assert (world.currency, world.locale) == ("JPY", "ja-JP")
    for listing in world.listings:
        cents = dollars.listings[listing.product_id].price_cents
        assert listing.price_cents == round(cents * 1.5)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ('{"*": {rating: 7}}', "less than or equal to 5"),
        ('{"*": {raiting: 4}}', "raiting"),
        ('{"*": {product_id: x}}', "another `product_id`"),
    ],
)
def test_markup_claims_only_what_could_be_true(planned, claims, says):
    with pytest.raises(SpecError, match=says):
        planned(**{"shelf.markup.says": claims})


def test_a_list_has_one_column(planned):
    narrow = ("size: 6, columns: 3", "size: 6, layout: list")
    assert planned(narrow).spec.shelf.columns == 1
    with pytest.raises(SpecError, match="one column"):
        planned(**{"shelf.layout": "list"})
    with pytest.raises(SpecError, match="no locale"):
        planned(**{"shelf.locale": "xx-YY"})


def test_marks_of_one_s_own_and_presets_are_drawn_shown_and_known(planned):
    tags = [
        {"level": "eco", "text": "Good for {value} trees", "look": "quiet", "place": "delivery"},
        {"level": "countdown", "probability": 1.0},
    ]
    plan = planned(treatments=json.dumps([{"use": "badges", "tags": tags}]))
    marks = {
        mark.kind: mark
        for k in range(20)
        for listing in plan.world(plan.assignment("stapler", k)).listings
        for mark in listing.marks
    }
    assert (marks["eco"].text, marks["eco"].look, marks["eco"].value) == (
        "Good for {value} trees",
        "quiet",
        1,
    )
    assert marks["countdown"].look == "countdown"
    assert plan.legend()["eco"] == ("Good for {value} trees",)
    assert plan.legend()["countdown"] == (marks["countdown"].text,)
    with pytest.raises(SpecError, match="give it a `text:`"):
        planned(treatments=json.dumps([{"use": "badges", "tags": [{"level": "shiny"}]}]))


def test_an_open_shop_says_what_was_bought_elsewhere_and_where_things_stood(go, folder):
    wide = ["worlds_per_task=15", "shelf.rest=catalog", "shelf.ranker=bm25"]
    go(settings=wide)
    table = load_choices(folder / "run")
    trials = table.groupby("trial_id")
    away = trials["bought_off_shelf"].first()
    chosen = trials["chosen"].sum()
    left = trials["status"].first() == "abstained"
    assert 0 < (away != "").sum() < len(away)
    assert ((chosen == 1) | (away != "") | left).all()
    assert ((chosen == 0) | (away == "")).all()
    # the search's order is the same in every world; the assigned position is not
    for _, rows in table.groupby("product_id"):
        assert rows["seen_position"].nunique() == 1
    assert (table["seen_position"] != table["position"]).any()
    with RunStore.open(folder / "run") as store:
        notes = analyze(store).notes
    assert any("bought_off_shelf" in note for note in notes)


def test_a_closed_shop_s_table_is_as_it_was(go, folder):
    go()
    table = load_choices(folder / "run")
    assert not {"seen_position", "bought_off_shelf"} & set(table)


def test_a_run_of_the_first_version_is_still_read(planned):
    assert planned(**{"shelf.theme": "default"}).spec.shelf.theme == "marigold"


def test_the_shipped_example_runs_and_finds_what_was_planted(demo, tmp_path):
    config = Path(experiments.__file__).parent / "configs" / "page-and-marks.yaml"
    spec = read_experiment(config, ["worlds_per_task=60"])
    run(spec, demo, tmp_path / "run", InlineExecutor())
    with RunStore.open(tmp_path / "run") as store:
        (fit,) = [f for f in analyze(store).fits if f.analysis == "conditional_logit"]
    terms = ["row_1", "log_price", "voucher", "countdown", "local", "row_1:page"]
    assert list(fit.result.params.index) == terms
    low, high = fit.result.conf_int().loc["voucher"]
    assert low < 0.8 < high
    assert low > 0
