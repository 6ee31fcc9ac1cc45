"""Gates of answers and statuses, locked buyers withheld, and p-values adjusted by family."""

import json

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from aces.rules import Gates, Multiplicity
from aces.spec import Plugin
from aces.store import RunStore
from aces.types import Estimate
from analysis.analyze import analyze, analyze_table
from analysis.checks import run_checks
from analysis.checks.answers import parse_rate, refusal_rate
from analysis.checks.losses import status_by_assignment
from analysis.checks.position import slots_taken
from analysis.comparison.versions import compare_pairs
from analysis.families import adjusted
from analysis.frame import choices, load_choices, trials_of
from analysis.redraw import Redraw
from analysis.study import Study

EQUAL = {"row_1": 0.0}
LOCKED = {"pos_1": 30.0}


def trials(**causes):
    """Trials of one buyer: how many were lost for which cause; None: bought."""
    rows = [
        {
            "buyer": "b",
            "interface": "json",
            "model": "m",
            "world_id": f"w{i}",
            "status": "failed" if cause != "bought" else "chosen",
            "cause": cause if cause != "bought" else "",
        }
        for i, cause in enumerate([c for c, n in causes.items() for _ in range(n)])
    ]
    return pd.DataFrame(rows, index=[f"t{i}" for i in range(len(rows))])


@pytest.mark.parametrize(
    ("causes", "parsed", "complied"),
    [
        ({"bought": 95, "unparseable": 5}, True, True),  # exactly what is asked for
        ({"bought": 94, "unparseable": 6}, False, True),
        ({"bought": 94, "refusal": 6}, True, False),
        # what the laboratory lost is in no rate: 4 of 50 answers
        ({"bought": 46, "unparseable": 4, "server": 50}, False, True),
        ({"bought": 96, "unparseable": 4, "refusal": 4}, True, True),
        ({"refusal": 3}, True, False),
        ({"server": 3}, None, None),
    ],
)
def test_answers_that_could_not_be_read_and_refusals_are_counted(causes, parsed, complied):
    told = trials(**causes)
    assert parse_rate(told, 0.95).passed is parsed
    assert refusal_rate(told, 0.05).passed is complied
    for check in (parse_rate(told, None), refusal_rate(told, None)):
        assert check.passed is None


def test_a_rate_of_one_arm_names_that_arm_and_its_interval():
    mixed = pd.concat([trials(bought=60), trials(bought=30, refusal=30).assign(buyer="shy")])
    mixed.index = [f"t{i}" for i in range(len(mixed))]
    check = refusal_rate(mixed, 0.05)
    assert check.failing == (("shy", "json"),)
    assert "50.0 % [37.7, 62.3] of shy · json" in check.verdict
    # worlds are units: the same 60 trials on 15 worlds are sure of less
    mixed["world_id"] = mixed["world_id"].str.removeprefix("w").astype(int) % 15
    assert "[27.1, 72.9]" in refusal_rate(mixed, 0.05).verdict


def test_planted_buyers_are_not_judged_by_words(planted_run):
    with RunStore.open(planted_run(worlds=5)) as store:
        found = {check.name: check for check in run_checks(choices(store), Study.of(store))}
    for name in ("Parse rate", "Refusal rate", "Comprehension", "Label mass"):
        assert found[name].passed is None


def ends(cause, rate_on_top, rate_below):
    """How a trial ends depends on the row that the buyer would have bought from."""
    generator = np.random.default_rng(1)

    def loss(columns, best):
        rate = rate_on_top if columns["row"][best] == 1 else rate_below
        return cause if generator.random() < rate else ""

    return loss


@pytest.mark.parametrize(
    ("cause", "passed", "says"),
    [("left", True, "That is an outcome"), ("truncated", False, "raise `max_steps`")],
)
def test_leaving_by_assignment_is_an_outcome_and_running_out_of_steps_is_not(
    planted_run, cause, passed, says
):
    taste = {"row_1": 1.0, "product_id[watch-2]": 2.5, "product_id[stapler-5]": 2.5}
    folder = planted_run(worlds=200, buyers={"b": taste}, loss=ends(cause, 0.02, 0.5))
    with RunStore.open(folder) as store:
        table, study = choices(store), Study.of(store)
        check = status_by_assignment(trials_of(table), Redraw.of(study))
    assert check.passed is passed
    assert check.p_value < 0.01
    assert says in check.verdict
    assert check.table.rows[0][3] == "row_1"


def test_leaving_at_random_is_related_to_nothing(planted_run):
    folder = planted_run(worlds=120, buyers={"b": EQUAL}, loss=ends("left", 0.2, 0.2))
    with RunStore.open(folder) as store:
        check = status_by_assignment(trials_of(choices(store)), Redraw.of(Study.of(store)))
        assert status_by_assignment(trials_of(choices(store)), None).passed is None
    assert check.passed is True
    assert "unrelated" in check.verdict


def served(folder, reported, **gates):
    """Makes the buyer of a run one with a model, which reported what is given, trial by trial."""
    with RunStore.create(folder) as store:
        spec = store.meta("spec") | {"gates": gates}
        spec["buyers"][0]["parameters"] = {"model": "some-vlm"}
        store.set_meta("spec", spec)
        rows = store.db.execute("SELECT trial_id FROM trials ORDER BY plan_index").fetchall()
        with store.transaction() as db:
            for i, (trial_id,) in enumerate(rows):
                text = json.dumps(reported(i))
                db.execute("UPDATE outcomes SET reported=? WHERE trial_id=?", (text, trial_id))
    with RunStore.open(folder) as store:
        return {c.name: c for c in run_checks(choices(store), Study.of(store))}


@pytest.mark.parametrize(("low", "passed"), [(2, True), (10, False)])
def test_choices_that_are_no_labels_are_found(planted_run, low, passed):
    folder = planted_run(worlds=20, buyers={"m": None})
    found = served(folder, lambda i: {"label_mass_min": 0.1 if i < low else 0.9})
    assert found["Label mass"].passed is passed
    assert found["Label mass"].table.rows[0][2] == f"{100 * low / 40:.1f} %"
    loose = served(folder, lambda i: {"label_mass_min": 0.1}, low_label_mass=1.0)
    assert loose["Label mass"].passed is True


def test_what_a_model_reads_wrong_fails_its_buyers(planted_run):
    folder = planted_run(worlds=20, buyers={"asked": None, "buys": None})
    with RunStore.create(folder) as store:
        spec = store.meta("spec")
        spec["buyers"][0]["use"] = "comprehension"
        spec["buyers"][1]["parameters"] = {"model": "some-vlm"}
        store.set_meta("spec", spec)

    def answer(i):
        subject = ("price", "badge")[i % 4 // 2]
        return {"question": subject, "right": subject == "price" or i % 8 > 5, "truth": 1}

    check = served(folder, answer)["Comprehension"]
    assert check.passed is False
    assert "the badge right in 50.0 %" in check.verdict
    assert "price" not in check.verdict
    assert set(check.failing) == {("asked", "json"), ("buys", "json")}
    assert served(folder, answer, comprehension=0.5)["Comprehension"].passed is True
    assert served(folder, answer, comprehension=None)["Comprehension"].passed is None


# -- the lock -------------------------------------------------------------------------------


def test_the_lock_goes_by_the_lower_limit_with_worlds_as_units(planted_run):
    table = load_choices(planted_run(worlds=20, tasks=("watch",), buyers={"a": LOCKED}, repeats=5))
    (one,) = slots_taken(table, 0.9)
    assert one.share == 1
    assert one.purchases == 100
    # 20 worlds met five times each are 20 purchases: 0.839 or more, not 0.963
    assert one.low == pytest.approx(20 / (20 + 1.959964**2), abs=1e-6)
    assert not one.locked
    assert slots_taken(table, 0.8)[0].locked
    assert not slots_taken(table, None)[0].locked


@pytest.mark.parametrize(("worlds", "passed"), [(34, None), (35, False)])
def test_too_few_worlds_are_said_to_be_too_few(planted_run, worlds, passed):
    folder = planted_run(worlds=worlds, tasks=("watch",), buyers={"a": LOCKED})
    with RunStore.open(folder) as store:
        found = {check.name: check for check in run_checks(choices(store), Study.of(store))}
    assert found["Position lock"].passed is passed
    assert ("fewer than 35 worlds" in found["Position lock"].verdict) == (passed is None)


def test_a_loved_product_is_no_lock(planted_run):
    table = load_choices(planted_run(worlds=60, buyers={"fan": {"log_price": -40.0}}))
    assert not slots_taken(table, 0.9)[0].locked
    assert slots_taken(table, 0.9)[0].share < 0.4


@pytest.fixture(scope="module")
def mixed(planted_runs):
    """Three buyers, one of them locked, with a terms' analysis beside the default one."""
    logit = Plugin(
        use="conditional_logit",
        name="main",
        parameters={"terms": ["row_1", "log_price", "sponsored"], "effects": "product_id"},
    )
    buyers = {"free": None, "stuck": LOCKED, "other": EQUAL}
    return planted_runs("mixed", worlds=60, buyers=buyers, analysis=(logit,), noise="independent")


def found_in(folder):
    with RunStore.open(folder) as store:
        return analyze(store)


def test_locked_buyers_are_withheld_and_others_stay_as_they_were(mixed):
    found = found_in(mixed)
    assert {fit.group["buyer"] for fit in found.fits} == {"free", "other"}
    (held,) = found.withheld
    named = {(row.analysis, row.estimator, row.term) for row in held.estimates}
    like = {
        (row.analysis, row.estimator, row.term)
        for row in found.estimates
        if row.buyer == "free" and row.estimator != "share" and row.term != "hhi"
        if not row.product_id
    }
    assert named == like, "whatever another buyer has a row for"
    assert {row.gate for row in found.estimates if row.buyer == "stuck"} == {"Position lock"}
    assert {row.gate for row in found.estimates if row.buyer != "stuck"} == {""}
    assert "main" in held.sentence
    # shares are counts, and stay
    assert [row for row in found.estimates if row.buyer == "stuck" and row.estimator == "share"]
    alone = analyze_table(found.table[found.table["buyer"] != "stuck"])
    assert alone.withheld == ()


def test_comparisons_withhold_coefficients_of_the_locked(mixed):
    pairs = compare_pairs(load_choices(mixed), ["row_1", "log_price"], position_lock=0.9)
    assert len(pairs) == 3
    for one in pairs:
        locked = "stuck" in one.pair.names
        assert (one.tastes is None) == locked
        assert any("stuck is locked to slot 1" in note for note in one.notes) == locked


def test_thresholds_are_the_experiments_own(mixed, tmp_path):
    with RunStore.create(mixed) as store:
        spec = store.meta("spec")
        store.set_meta("spec", spec | {"gates": {"position_lock": None}})
        try:
            found = analyze(store)
        finally:
            store.set_meta("spec", spec)
    assert found.withheld == ()
    assert not found.failed_checks()
    # a slot's effect that predicts choices perfectly is refused, then as before
    assert any("stuck" in note and "perfectly" in note for note in found.notes)


# -- families -------------------------------------------------------------------------------


def estimate(term, p, **others):
    given = {
        "analysis": "main",
        "estimand": "x",
        "buyer": "b",
        "interface": "json",
        "estimator": "conditional_logit",
        "estimate": 1.0,
        **others,
    }
    return Estimate(term=term, p_value=p, **given)


P = [0.001, 0.011, 0.02, 0.04, 0.3]


@pytest.mark.parametrize(("rule", "name"), [("holm", "holm"), ("benjamini_hochberg", "fdr_bh")])
def test_a_family_is_all_models_and_terms_of_one_analysis(rule, name):
    rows = [estimate(f"t{i}", p, buyer=f"b{i % 2}") for i, p in enumerate(P)]
    apart = [
        estimate("t0", 0.04, estimator="average_marginal_effect"),
        estimate("t0", 0.04, evidence="confirmatory"),
        estimate("product_id[x]", 0.04, product_id="x"),
        estimate("t0", 0.04, analysis="other"),
    ]
    untested = [estimate("t9", None), estimate("t9", float("nan"))]
    found = adjusted([*rows, *apart, *untested], Multiplicity(adjust=rule))
    oracle = multipletests(P, method=name)[1]
    assert [row.p_adjusted for row in found[:5]] == pytest.approx(oracle)
    assert [row.p_adjusted for row in found[5:9]] == [0.04] * 4
    assert len({row.family for row in found[:5]}) == 1
    assert found[9].p_adjusted is None
    assert np.isnan(found[10].p_adjusted)
    assert [row.p_value for row in found[:5]] == P


def test_declared_families_are_adjusted_by_themselves():
    rules = Multiplicity(families={"tags": ("t0", "t1")})
    found = adjusted([estimate(f"t{i}", p) for i, p in enumerate(P)], rules)
    tags, rest = multipletests(P[:2], method="holm")[1], multipletests(P[2:], method="holm")[1]
    assert [row.p_adjusted for row in found] == pytest.approx([*tags, *rest])
    assert {row.family for row in found[:2]} == {"main · conditional_logit · tags"}
    with pytest.raises(ValueError, match="'t0' stands in 'a' and in 'b'"):
        Multiplicity(families={"a": ("t0",), "b": ("t0",)})


def test_adjusted_values_stand_in_rows_tables_and_warn_of_unknown_terms(mixed):
    with RunStore.create(mixed) as store:
        spec = store.meta("spec")
        store.set_meta("spec", spec | {"multiplicity": {"families": {"tags": ["sponsered"]}}})
        try:
            found = analyze(store)
        finally:
            store.set_meta("spec", spec)
    assert any("'sponsered', which stands in family 'tags'" in note for note in found.notes)
    main = [
        row
        for row in found.estimates
        if (row.analysis, row.estimator) == ("main", "conditional_logit")
        if row.p_value is not None and not row.product_id
    ]
    assert len(main) == 6
    oracle = multipletests([row.p_value for row in main], method="holm")[1]
    assert [row.p_adjusted for row in main] == pytest.approx(oracle)
    (fit,) = [f for f in found.fits if f.analysis == "main" and f.group["buyer"] == "free"]
    assert fit.adjusted["row_1"] == next(r.p_adjusted for r in main if r.buyer == "free")


def test_gates_are_bounded():
    for wrong in ({"position_lock": 0.4}, {"parse_rate": 1.1}, {"parse": 0.9}):
        with pytest.raises(ValueError, match=r"position_lock|parse"):
            Gates(**wrong)
