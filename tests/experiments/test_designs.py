"""Designs in blocks, from the experiment file to the checks of the analysis."""

import numpy as np
import pytest

from aces.errors import SpecError, StoreError
from aces.store import RunStore
from analysis.analyze import analyze
from analysis.checks import run_checks
from analysis.frame import choices
from analysis.redraw import Redraw
from analysis.study import Study
from experiments.power import describe

POSITION = "  - {use: position}\n"


def checks_of(folder):
    with RunStore.open(folder) as store:
        study = Study.of(store)
        table = choices(store)
        found = {check.name: check for check in run_checks(table, study)}
        redraw = Redraw.of(study)
        differing = sum(redraw.differing(t.id, range(1000)) for t in study.spec.tasks)
        return table, redraw, found, differing


@pytest.mark.parametrize("order", ["latin", "williams"])
def test_balanced_orders_run_grow_and_are_drawn_again(go, folder, order):
    square = (POSITION, f"  - {{use: position, order: {order}}}\n")
    go(square, settings=["worlds_per_task=4"])
    before = checks_of(folder / "run")[0]
    go(square, settings=["worlds_per_task=12"])
    table, redraw, found, differing = checks_of(folder / "run")
    assert redraw.block == 6
    assert differing == 0
    assert found["Balance"].passed
    ks = np.array([0, 1, 7, 8, 11])
    places = redraw.like(ks, 300, np.random.default_rng(1))
    assert (places % 6).tolist() == (ks % 6).tolist()
    assert (places // 6)[[0, 2]].tolist() == (places // 6)[[1, 4]].tolist()
    earlier = table[table["trial_id"].isin(before["trial_id"])]
    assert earlier["position"].tolist() == before["position"].tolist()
    once = table.drop_duplicates(["world_id", "product_id"])
    counts = once.groupby(["task_id", "product_id", "position"]).size()
    assert len(counts) == 2 * 6 * 6
    assert set(counts) == {2}


def test_products_that_change_cannot_be_balanced(planned):
    with pytest.raises(SpecError, match="sample: false"):
        planned((POSITION, "  - {use: position, order: latin}\n"), **{"shelf.sample": "true"})


# -- treatments set together ----------------------------------------------------------------

LEVELS = """\
  - {use: position}
  - {use: price, distribution: levels, factors: [0.8, 1.25], scope: shelf}
  - {use: listing, name: short, arms: [{name: long}, {name: short, changes: {title: Thing}}]}
  - use: page
    versions: [{name: a, settings: {theme: marigold}}, {name: b, settings: {theme: harbor}}]
"""
TREATMENTS = (
    "  - {use: position}\n  - {use: price, sigma: 0.3}\n  - {use: badges}\n",
    LEVELS,
)


def design(text):
    return ("interface: json", f"design: {text}\ninterface: json")


def combinations(table):
    """The combination of levels of each world, in order."""
    worlds = table.drop_duplicates("world_id").sort_values(["task_id", "k"])
    dear = worlds["price_cents"] > worlds["original_price_cents"]
    return list(zip(dear.astype(int), worlds["short"], worlds["page"], strict=True))


def test_a_factorial_runs_grows_and_is_drawn_again(go, folder):
    edits = (TREATMENTS, design("factorial"))
    go(*edits, settings=["worlds_per_task=5"])
    before = combinations(checks_of(folder / "run")[0])
    go(*edits, settings=["worlds_per_task=16"])
    table, redraw, found, differing = checks_of(folder / "run")
    after = combinations(table)
    assert [after[:5], after[16:21]] == [before[:5], before[5:]]
    assert {len(set(after[i : i + 8])) for i in (0, 8, 16, 24)} == {8}
    assert (redraw.block, differing, found["Balance"].passed) == (8, 0, True)
    assert set(table["assignment_probability"].round(12)) == {round(1 / 8 / 720, 12)}


def test_a_fraction_says_what_it_cannot_tell_apart(planned):
    third = "{use: factorial, generators: {page: [price, short]}}"
    plan = planned(TREATMENTS, design(third), worlds_per_task=6)
    assert len(plan.declarations["factorial"].rows) == 4
    half, *aliases, last = describe(plan)["design"]
    assert "4 of 8 combinations of price, short, page" in half
    assert "resolution 3" in half
    assert [line.partition(": ")[2] for line in aliases] == [
        "price = short:page",
        "short = price:page",
        "page = price:short",
    ]
    assert "8 would be balanced" in last


def test_pairs_differ_in_one_treatment_and_are_clusters(go, folder):
    analysis = "analysis: [{use: conditional_logit, cluster: pair, terms: [row_1, log_price]}]"
    edits = (TREATMENTS, design(f"{{use: paired, by: short}}\n{analysis}"))
    go(*edits, settings=["worlds_per_task=20"])
    table, redraw, found, differing = checks_of(folder / "run")
    assert (redraw.block, differing, found["Balance"].passed) == (2, 0, True)
    shown = table.drop_duplicates(["world_id", "product_id"])
    for _, pair in shown.groupby("pair"):
        one, other = (world.sort_values("product_id") for _, world in pair.groupby("k"))
        for same in ("product_id", "position", "price_cents", "page"):
            assert one[same].tolist() == other[same].tolist()
        assert {*one["short"], *other["short"]} == {0, 1}
    assert shown["pair"].nunique() == 20
    with RunStore.open(folder / "run") as store:
        estimates = analyze(store).estimates
    fits = [e for e in estimates if (e.estimator, e.term) == ("conditional_logit", "log_price")]
    assert {("planted", 20), ("blind", 20)} <= {(e.buyer, e.n_clusters) for e in fits}, fits


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{use: factorial, treatments: [colour]}", "no treatment 'colour'"),
        ("{use: factorial, treatments: [position]}", "'position' can't be set"),
        ("{use: factorial, generators: {page: [colour]}}", "no factor 'colour'"),
        ("{use: paired, by: position}", "'position' can't be set"),
        ("{use: factorial, name: page}", "a treatment is called 'page' too"),
        ("paired", "missing; `by:`"),
    ],
)
def test_designs_say_what_they_cannot_do(planned, text, message):
    with pytest.raises(SpecError, match=message):
        planned(TREATMENTS, design(text))


def test_nothing_to_set(planned):
    with pytest.raises(SpecError, match="no treatment has levels that can be set"):
        planned(design("factorial"))


# -- what shelves hold, and what they cost as a whole ----------------------------------------


def test_products_left_out_are_not_there(go, folder, demo):
    menu = (POSITION, "  - {use: position}\n  - {use: menu, remove: 2}\n")
    go(menu, settings=["worlds_per_task=40"])
    table, _, found, differing = checks_of(folder / "run")
    assert (differing, found["Balance"].passed) == (0, True)
    shown = table.drop_duplicates(["world_id", "product_id"])
    assert set(shown.groupby("world_id").size()) == {4}
    assert shown.groupby("task_id")["product_id"].nunique().tolist() == [6, 6]
    assert table.loc[table["chosen"] == 1, "trial_id"].is_unique
    with RunStore.open(folder / "run") as store:
        terms = {e.term for e in analyze(store).estimates if e.estimator == "conditional_logit"}
    assert {"row_1", "col_1", "col_2"} <= terms


def test_dear_shelves_are_left(go, buyers, folder):
    leaving = "  - {use: utility, name: p, coefficients: {log_price: -2}, outside_option: -5.5}\n"
    shift = ("sigma: 0.3}", "sigma: 0.3, shift: [0.25, 1, 4]}")
    analysis = "analysis: [{use: conditional_logit, outside: true, terms: [log_price]}]\n"
    go(shift, buyers(leaving + analysis), settings=["worlds_per_task=120"])
    table, _, found, differing = checks_of(folder / "run")
    assert (differing, found["Balance"].passed) == (0, True)
    trials = table.groupby("trial_id").agg(bought=("chosen", "max"), at=("price_shift", "first"))
    share = trials.groupby("at")["bought"].mean()
    assert share[0.25] > share[1.0] + 0.03 > share[4.0] + 0.2
    with RunStore.open(folder / "run") as store:
        (price,) = [e for e in analyze(store).estimates if e.term == "log_price"][:1]
    assert abs(price.estimate + 2) < 3 * price.std_error < 1


@pytest.mark.parametrize(
    ("treatments", "settings", "message"),
    [
        ("[position, {use: menu, remove: 5}]", {}, "two listings of 6 must stay"),
        ("[{use: position, order: latin}, menu]", {}, "no `menu`"),
        ("[position, menu]", {"shelf.rest": "catalog"}, "still be found"),
        ("[position, {use: menu, among: [x]}]", {}, "one task"),
    ],
)
def test_shelves_that_cannot_be(planned, treatments, settings, message):
    with pytest.raises(SpecError, match=message):
        planned(**settings, treatments=treatments)


# -- efficient designs ----------------------------------------------------------------------

SINGLE = """\
  - {use: position}
  - {use: price, distribution: levels, factors: [0.7, 1.0, 1.4]}
  - {use: listing, name: short, unit: listing, arms: [{name: a}, {name: b, changes: {stock: 3}}]}
"""


def efficient(more=""):
    return (
        (TREATMENTS[0], SINGLE),
        design(f"{{use: efficient, priors: {{log_price: -1.8}}{more}}}"),
    )


def test_an_efficient_design_says_how_much_it_gains_and_runs(go, folder, planned):
    plan = planned(*efficient(", worlds: 12, prior_sd: {log_price: 0.5}"), worlds_per_task=12)
    first, priors, none = describe(plan)["design"]
    assert "log_price -1.8 ± 0.5, short 0" in first
    for line in (priors, none):
        assert int(line.rpartition(" ")[2]) > 100
    edits = efficient(", worlds: 12")
    go(*edits, settings=["worlds_per_task=12"])
    go(*edits, settings=["worlds_per_task=24"])
    table, redraw, found, differing = checks_of(folder / "run")
    assert (redraw.block, differing, found["Balance"].passed) == (12, 0, True)
    shown = table.drop_duplicates(["world_id", "product_id"])
    blocks = [shown[(shown["k"] // 12) == b].groupby("product_id")["price_cents"] for b in (0, 1)]
    assert blocks[0].sum().equals(blocks[1].sum())


def test_a_table_made_for_a_number_of_worlds_cannot_grow(go):
    go(*efficient(), settings=["worlds_per_task=8"])
    go(*efficient(), settings=["worlds_per_task=8"])
    with pytest.raises(StoreError, match="would now be drawn otherwise"):
        go(*efficient(), settings=["worlds_per_task=10"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{use: efficient, priors: {colour: 1}}", "prior of 'colour'"),
        ("{use: efficient, treatments: [page]}", "levels of single listings"),
        ("{use: efficient, worlds: 2}", "too few"),
    ],
)
def test_efficient_designs_say_what_they_cannot_do(planned, text, message):
    page = "  - {use: page, versions: [{name: a, settings: {theme: marigold}}, {name: b, settings:"
    treatments = f"{SINGLE}{page} {{theme: harbor}}}}]}}\n"
    with pytest.raises(SpecError, match=message):
        planned((TREATMENTS[0], treatments), design(text))
