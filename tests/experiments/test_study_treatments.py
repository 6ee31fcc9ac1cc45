"""Treatments of the studies: what a plan with `use: steer` or `use: rewrite` draws and refuses."""

import json
from pathlib import Path

import pytest

import experiments
from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.errors import SpecError
from experiments.plan import make_plan
from experiments.power import describe

CONFIGS = Path(experiments.__file__).parent / "configs"
GLIDORA = {"glidora-stitch-xl": {"title": "Mouse Pad"}}
PAIR = {**GLIDORA, "slatefield-felt": {"title": "Mouse Pad"}}


@pytest.fixture(scope="module")
def demo():
    return load_catalog("demo")


def plan(demo, name, **settings):
    given = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    return make_plan(read_experiment(CONFIGS / f"{name}.yaml", given), demo)


def test_the_dearer_listing_of_a_pair_shows_its_mark_and_nothing_else_differs(demo):
    made = plan(demo, "study-steering")
    texts = {"overall_pick": "Overall Pick", "paid_placement": "The seller paid for this place"}
    seen = set()
    for k in range(56):
        world = made.world(made.assignment("lamp", k))
        dear, cheap = sorted(world.listings, key=lambda item: -item.price_cents)
        marks = {mark.kind: mark.text for item in world.listings for mark in item.marks}
        assert len(marks) <= 1
        assert all(marks[kind] == texts[kind] for kind in marks if kind in texts)
        same = {"product_id", "price_cents", "marks"}
        assert dear.model_dump(exclude=same) == cheap.model_dump(exclude=same)
        if dear.price_cents > cheap.price_cents:
            assert not cheap.marks
        seen |= {(round(dear.price_cents / cheap.price_cents, 2), *marks)}
    assert len(seen) == 7 * 4


def test_every_seller_who_rewrites_begins_with_what_is_searched(demo):
    made = plan(demo, "study-arms-race")
    counts = set()
    for k in range(80):
        drawn = made.assignment("mousepad", k)
        titles = {item.product_id: item.title for item in made.world(drawn).listings}
        for product, on in zip(drawn.product_ids, drawn.levels["rewritten"], strict=True):
            assert titles[product].startswith("Mouse Pad") == bool(on)
        counts.add(sum(drawn.levels["rewritten"]))
    assert counts == {0, 1, 4, 7, 8}


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("study-steering", {"log_price", "overall_pick", "sponsored", "paid_placement"}),
        ("study-arms-race", {"rewritten"}),
    ],
)
def test_the_planner_knows_the_primary_terms(demo, name, terms):
    found = describe(plan(demo, name))
    assert terms <= set(found["terms"])
    for entry in found["precision"]:
        rows = {row[0]: row for row in entry["rows"]}
        assert all(rows[term][2] is not None for term in terms)
    planted = next(e for e in found["precision"] if e["prior"] == "as planted")
    assert all(row[4] > 0.8 for row in planted["rows"] if row[0] in terms)


STEER = {"use": "steer"}


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("study-steering", {"tasks": [{"id": "w", "category": "mousepad"}]}, "`copies_of:`"),
        (
            "study-steering",
            {"treatments": [{**STEER, "gaps": [0, 0.0001]}], "design": "independent"},
            "gaps of 0.0001 vanish in rounding where the price is 2999",
        ),
        (
            "study-steering",
            {"treatments": [{**STEER, "tags": [{"level": "no_such"}]}]},
            "no mark 'no_such'",
        ),
        (
            "study-steering",
            {"treatments": [{**STEER, "tags": [{"level": "sponsored", "most": 2}]}]},
            "most of tag 'sponsored' has no meaning here",
        ),
        ("study-steering", {"treatments": [{**STEER, "gaps": [0.1, 0.1]}]}, "given twice"),
        (
            "study-steering",
            {"treatments": [STEER, {"use": "price"}], "design": "independent"},
            "sets price_cents, which 'steer' sets already",
        ),
        ("study-arms-race", {"shelf": {"size": 9}}, "shows products without a text: glidora-topo"),
        (
            "study-arms-race",
            {"shelf": {"size": 7}, "buyers": ["random"]},
            "which no shelf shows",
        ),
        (
            "study-arms-race",
            {
                "shelf": {"size": 2, "columns": 2},
                "treatments": [{"use": "rewrite", "texts": PAIR}],
                "buyers": ["random"],
                "analysis": [],
            },
            "8 sellers can't rewrite on a shelf of 2",
        ),
        (
            "study-arms-race",
            {"treatments": [{"use": "rewrite", "texts": {"glidora-stitch-xl": {}}}]},
            "needs one of title, description, bullets",
        ),
        (
            "study-arms-race",
            {"treatments": [{"use": "rewrite", "name": "title", "texts": GLIDORA}]},
            "'title' is a column already",
        ),
        (
            "study-arms-race",
            {"treatments": [{"use": "rewrite", "sellers": [1, 1], "texts": GLIDORA}]},
            "different numbers",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(demo, name, settings, says):
    with pytest.raises(SpecError, match=f"{name}.yaml.*{says}"):
        plan(demo, name, **settings)
