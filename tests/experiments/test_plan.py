"""Plans: the same anywhere, the same worlds for everybody, and impossible ones refused."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from aces.errors import SpecError
from experiments.designs import DESIGNS, History
from experiments.plan import identity
from marketplace.marks import shown_marks

ROOT = Path(__file__).resolve().parents[2]
CELLS = [(task, k) for k in range(3) for task in ("watch", "stapler")]


def trials(plan, cells=CELLS):
    return list(plan.trials(plan.draw_cells(cells), 0, 0))


# -- the same anywhere ----------------------------------------------------------------------

PRINT = """
import sys
from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from experiments.plan import make_plan
plan = make_plan(read_experiment(sys.argv[1]), load_catalog("demo"))
worlds = plan.draw_cells([(task, k) for k in range(3) for task in ("watch", "stapler")])
for record in [*worlds, *plan.trials(worlds, 0, 0), plan.spec, *map(plan.world, worlds)]:
    print(record.model_dump_json())
for world in worlds:
    print(plan.noise(world, next(plan.trials([world], 0, 0)), plan.buyers()["planted"]).gumbel())
"""


def test_another_process_draws_the_same_plan(write):
    path = write(("log_price: -1.8}", "log_price: -1.8}, product_effects: {sd: 0.5}"))
    texts = [
        subprocess.run(
            [sys.executable, "-c", PRINT, str(path)],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert texts[0] == texts[1]
    assert texts[0].count("\n") > 30


def test_world_k_does_not_depend_on_what_else_is_planned(planned):
    plan, larger = planned(), planned(worlds_per_task=50)
    alone = planned(("  - {id: watch, category: fitness_watch}\n", ""))
    assert plan.assignment("stapler", 2) == larger.assignment("stapler", 2)
    levels = alone.assignment("stapler", 2).levels
    assert levels == plan.assignment("stapler", 2).levels


# -- who meets what -------------------------------------------------------------------------


def test_every_buyer_and_interface_meets_every_world_each_repeat(planned):
    plan = planned(
        ("interface: json", "interface: [{use: json, name: api}, html]"),
        ("leave: true}", "leave: true, interface: aria}"),
        repeats=2,
    )
    found = trials(plan)
    assert [trial.plan_index for trial in found] == list(range(6 * 3 * 2))
    assert len({trial.id for trial in found}) == len(found)
    meetings = defaultdict(set)
    for trial in found:
        meetings[trial.world_id].add((trial.buyer, trial.interface, trial.repeat))
    expected = {
        (*arm, repeat)
        for arm in (("planted", "api"), ("planted", "html"), ("blind", "aria"))
        for repeat in (0, 1)
    }
    assert list(meetings.values()) == [expected] * 6


def test_extending_appends(planned):
    design = DESIGNS.build("independent", {})
    small, large = planned(worlds_per_task=3), planned(worlds_per_task=5)
    first = design.next(small.spec, History(frozenset()))
    assert first == CELLS
    assert design.next(small.spec, History(frozenset(first))) is None
    rest = design.next(large.spec, History(frozenset(first)))
    assert [*first, *rest] == design.next(large.spec, History(frozenset()))
    assert trials(small, first) == trials(large, first)


@pytest.mark.parametrize(
    ("replacement", "changes"),
    [
        (("worlds_per_task: 3", "worlds_per_task: 9"), False),
        (("interface: json", "interface: json\nanalysis: []"), False),
        (("name: small", "name: other"), False),
        (("seed: 11", "seed: 12"), True),
        (("size: 6", "size: 5"), True),
        (("columns: 3", "columns: 2"), True),
        (("sigma: 0.3", "sigma: 0.31"), True),
        (("row_1: 0.9", "row_1: 0.91"), True),
        (("name: planted,", "name: planned,"), True),
        (("interface: json", "interface: {use: json, mode: browse}"), True),
        (("interface: json", "interface: json\nmax_steps: 3"), True),
        (("  - {use: random, name: blind, leave: true}\n", ""), False),
    ],
)
def test_a_trial_s_id_changes_with_what_the_trial_is(planned, replacement, changes):
    before, after = trials(planned())[0], trials(planned(replacement))[0]
    assert (before.id != after.id) is changes


def test_operational_settings_change_neither_ids_nor_the_experiment(planned):
    plans = [
        planned(("interface: json", f"interface: {{use: html, {more}}}"))
        for more in ("timeout_s: 15", "timeout_s: 3", "timeout_s: 3, isolation: context")
    ]
    ids = [[trial.id for trial in trials(plan)] for plan in plans]
    assert ids[0] == ids[1] != ids[2]
    assert identity(plans[0].spec) == identity(plans[1].spec) != identity(plans[2].spec)
    assert json.dumps(identity(plans[0].spec))


# -- noise ----------------------------------------------------------------------------------


def noise(plan, buyer, interface, k=0, repeat=0):
    world = plan.assignment("watch", k)
    (trial,) = [
        trial
        for trial in plan.trials([world], 0, 0)
        if (trial.buyer, trial.interface, trial.repeat) == (buyer, interface, repeat)
    ]
    return plan.noise(world, trial, plan.buyers()[buyer]).child("p").gumbel()


def test_planted_buyers_share_noise_by_world_and_repeat_unless_told_otherwise(planned):
    extra = (
        "  - {use: utility, name: twin}\n"
        "  - {use: utility, name: loner, noise: independent}\n"
        "interface: [json, html]"
    )
    plan = planned(("interface: json", extra), repeats=2)
    shared = noise(plan, "planted", "json")
    assert noise(plan, "planted", "html") == noise(plan, "twin", "html") == shared
    others = [
        noise(plan, "planted", "json", k=1),
        noise(plan, "planted", "json", repeat=1),
        noise(plan, "loner", "json"),
        noise(plan, "loner", "html"),
        noise(plan, "blind", "json"),
        noise(plan, "blind", "html"),
    ]
    assert len({shared, *others}) == 7
    assert noise(planned(seed=12), "planted", "json") != shared


# -- what is drawn is what is shown ---------------------------------------------------------


def test_levels_are_what_the_shop_shows(planned):
    plan = planned()
    for cell in [(task, k) for k in range(40) for task in ("watch", "stapler")]:
        assignment = plan.assignment(*cell)
        world = plan.world(assignment)
        assert world.max_units == 1
        by_id = {listing.product_id: listing for listing in world.listings}
        for i, product_id in enumerate(assignment.product_ids):
            level = {name: values[i] for name, values in assignment.levels.items()}
            listing = by_id[product_id]
            assert world.listings[level["position"] - 1] is listing
            assert listing.price_cents == level["price_cents"]
            assert listing.list_price_cents is None
            marks = Counter(mark.kind for mark in shown_marks(listing))
            drawn = {name: level[name] for name in ("sponsored", "overall_pick", "scarcity")}
            assert {name: marks[name] for name in drawn} == drawn
            assert (listing.rating, listing.title) == (
                plan.listings[product_id].rating,
                plan.listings[product_id].title,
            )


def test_a_drawn_mark_replaces_the_catalogue_s(planned, demo):
    from dataclasses import replace

    from experiments.plan import make_plan
    from marketplace.marks import standard_mark

    marks = (standard_mark("sponsored"), standard_mark("best_seller"))
    change = {"marks": marks, "stock": 2}
    listings = {i: item.model_copy(update=change) for i, item in demo.listings.items()}
    plan = make_plan(planned().spec, replace(demo, listings=listings))
    for k in range(20):
        assignment = plan.assignment("watch", k)
        by_id = {listing.product_id: listing for listing in plan.world(assignment).listings}
        for i, product_id in enumerate(assignment.product_ids):
            shown = Counter(mark.kind for mark in shown_marks(by_id[product_id]))
            assert shown["best_seller"] == 1
            for tag in ("sponsored", "overall_pick", "scarcity"):
                assert shown[tag] == assignment.levels[tag][i]


# -- impossible plans -----------------------------------------------------------------------


def slots(*slots):
    return "{use: position, fixed: {" + ", ".join(slots) + "}}"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("category: stapler", "category: staplr", r"small.yaml:5 .*did you mean 'stapler'"),
        ("size: 6", "size: 60", r"small.yaml:4 .*asks for 60 products, has"),
        (
            "  - {use: badges}",
            "  - {use: badges}\n  - {use: badges, name: more}",
            r":11 .*'more' sets sponsored, which 'badges' sets already",
        ),
        ("sigma: 0.3", "distribution: levels", r":9 .*needs `factors"),
        ("sigma: 0.3", "distribution: uniform, low: 2, high: 1", r":9 .*below `high`"),
        ("sigma: 0.3", "fixed: {nobody: 5}", r":9 .*'nobody', which no shelf shows"),
        ("{use: position}", slots("a: 1"), r":8 .*'a', which no shelf shows"),
        ("row_1: 0.9", "rwo_1: 0.9", r":12 .*term 'rwo_1' is unknown; did you mean 'row_1'"),
        ("row_1: 0.9", "stock: 0.9", r":12 .*term 'stock' is a level that shoppers can't see"),
        ("row_1: 0.9", "'row_1:': 0.9", r":12 .*term '' is unknown"),
        ("row_1: 0.9", "row_3: 0.9", r":12 .*'row_3': the grid has rows 1 to 2"),
        ("row_1: 0.9", "col_0: 0.9", r":12 .*'col_0': the grid has columns 1 to 3"),
        ("row_1: 0.9", "pos_7: 0.9", r":12 .*'pos_7': the grid has positions 1 to 6"),
        (
            "log_price: -1.8}",
            "log_price: -1.8}, product_effects: {nobody: 1}",
            r":12 .*no shelf shows 'nobody'",
        ),
    ],
)
def test_impossible_plans_are_refused_with_their_line(planned, old, new, says):
    with pytest.raises(SpecError, match=f"(?s){says}"):
        planned((old, new))


def test_fixed_positions_fill_every_shelf(planned, demo):
    def fixed(shelves):
        pairs = [
            f"{product}: {slot}"
            for category, order in shelves.items()
            for product, slot in zip(demo.slice(category, 6), order, strict=True)
        ]
        return planned(("{use: position}", slots(*pairs)))

    good = {"fitness_watch": (2, 1, 3, 4, 5, 6), "stapler": (6, 5, 4, 3, 2, 1)}
    plan = fixed(good)
    assert plan.assignment("watch", 0).levels["position"] == (2, 1, 3, 4, 5, 6)
    assert "position" not in plan.varied()
    # each slot twice over both shelves, but not once on each
    with pytest.raises(SpecError, match=r"slots 1 to 6; task 'watch' has \[1, 1, 2, 2, 3, 3\]"):
        fixed({"fitness_watch": (1, 1, 2, 2, 3, 3), "stapler": (4, 4, 5, 5, 6, 6)})
    with pytest.raises(SpecError, match="task 'stapler' has"):
        fixed({"fitness_watch": (2, 1, 3, 4, 5, 6)})
