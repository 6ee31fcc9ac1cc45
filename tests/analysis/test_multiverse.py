"""Universes, their curve, and the joint test by drawing worlds again."""

import numpy as np
import pytest

from aces.cli.console import registries
from aces.design import (
    Factor,
    Headroom,
    Pairs,
    Permutation,
    Square,
    Table,
    Tags,
    Version,
    Versions,
)
from aces.errors import EstimationError, SpecError
from aces.seeds import Stream
from aces.spec import ExperimentSpec, Plugin, load_analyses
from aces.stats.rescored import Steps
from aces.store import RunStore
from analysis import ConditionalLogit
from analysis.analyze import analyze
from analysis.estimators.multiverse import MultiverseEstimator
from analysis.fits import compare_all
from analysis.frame import choices
from analysis.joint_test import BEST, MEDIAN, SHARE, statistics_of
from analysis.linear_probability import Model, linear_probability
from analysis.multiverse import decomposition, multiverse, summary
from analysis.null_draws import draws_of_runs, null_draws
from analysis.study import Study

TERMS = ["row_1", "col_1", "col_2", "col_3", "log_price", "rating", "log_review_count"]
TAGS = ["sponsored", "overall_pick", "scarcity"]
WISH = {"row_1": 0.9, "log_price": -1.8, "overall_pick": 1.2, "sponsored": 0.0, "scarcity": 0.3}


@pytest.fixture(scope="module")
def stored(planted_runs):
    folder = planted_runs(
        "multiverse", worlds=120, buyers={"a": WISH, "b": WISH}, noise="independent", repeats=2
    )
    with RunStore.open(folder) as store:
        study = Study.of(store)
        yield study, choices(store)


def one(stored, term, *, redraws=0, scale="probability", rows=None, **over):
    study, table = stored
    table = table if rows is None else table[rows(table)]
    over = over or {"estimator": ["conditional_logit"]}
    return multiverse(
        table,
        term,
        over,
        terms=study.default_terms,
        scale=scale,
        redraws=redraws,
        study=study,
    )


def by_choice(found, **choices):
    """The estimate of the one universe with these choices."""
    (e,) = [e for u, e in found.estimated if all(u.choices[k] == v for k, v in choices.items())]
    return e


# -- one universe ------------------------------------------------------------------------------


@pytest.mark.parametrize("effects", ["product_id", "none"])
@pytest.mark.parametrize("controls", ["all", "none"])
def test_a_logit_universe_is_the_conditional_logit_on_its_rows(stored, effects, controls):
    table = stored[1]
    terms = TAGS if controls == "none" else [*TERMS, *TAGS]
    model = ConditionalLogit.from_formula(
        f"chosen ~ {' + '.join(terms)}",
        table[table["buyer"] == "b"],
        choice_set="trial_id",
        effects=None if effects == "none" else effects,
        cluster="world_id",
    ).fit()
    over = {"buyer": "each", "effects": [effects], "controls": [controls]}
    odds = by_choice(one(stored, "sponsored", scale="log_odds", **over), buyer="b")
    row = model.table().set_index("term").loc["sponsored"]
    assert [odds.estimate, odds.std_error] == pytest.approx([row["estimate"], row["std_error"]])
    assert [odds.low, odds.high] == pytest.approx([row["ci_low"], row["ci_high"]])
    assert odds.p_value == pytest.approx(row["p_value"])
    change = by_choice(one(stored, "sponsored", **over), buyer="b")
    row = model.average_marginal_effects().set_index("term").loc["sponsored"]
    used = model.choice_fit.data.n_rows / (8 * model.nobs)  # never chosen: unmoved
    expected = [used * row["estimate"], used * row["std_error"]]
    assert [change.estimate, change.std_error] == pytest.approx(expected)


def test_leaving_is_an_alternative_where_it_is_said_to_be(planted_runs):
    """Of every ten trials three were left and two failed: left ones count, failed ones never."""
    causes = iter((["left"] * 3 + ["timeout"] * 2 + [""] * 5) * 100)
    folder = planted_runs(
        "left", worlds=150, buyers={"a": WISH}, loss=lambda columns, best: next(causes)
    )
    with RunStore.open(folder) as store:
        stored = (Study.of(store), choices(store))
        found = one(stored, "overall_pick", outside=[False, True], redraws=50)
        assert found.test.universes == 2
    sizes = {u.outside: (e.n_trials, e) for u, e in found.estimated}
    assert sizes[False][0] == 150
    assert sizes[True][0] == 240
    model = ConditionalLogit.from_formula(
        f"chosen ~ {' + '.join([*TERMS, *TAGS])}",
        stored[1],
        choice_set="trial_id",
        effects="product_id",
        cluster="world_id",
        outside=True,
    ).fit()
    row = model.average_marginal_effects().set_index("term").loc["overall_pick"]
    used = model.choice_fit.data.n_rows / (8 * model.nobs)
    expected = [used * row["estimate"], used * row["std_error"]]
    assert [sizes[True][1].estimate, sizes[True][1].std_error] == pytest.approx(expected)


@pytest.mark.parametrize("effects", ["product_id", "none"])
def test_a_linear_universe_is_the_linear_probability_model(stored, effects):
    table = stored[1][stored[1]["buyer"] == "a"]
    model = Model(
        name="lpm",
        terms=(*TERMS, *TAGS),
        cluster=("world_id",),
        outcome="chosen",
        effects=None if effects == "none" else effects,
        outside=False,
    )
    rows = [r for r in linear_probability(table, model).estimates() if r.term == "sponsored"]
    found = one(
        stored,
        "sponsored",
        rows=lambda t: t["buyer"] == "a",
        estimator=["linear_probability"],
        effects=[effects],
    )
    ((_, e),) = found.estimated
    own = 7 / 8  # what one listing gains, the other seven lose
    assert e.estimate == pytest.approx(own * rows[0].estimate)
    assert e.std_error == pytest.approx(own * rows[0].std_error, rel=1e-3)


def test_a_universe_of_shares_compares_listings_of_one_shelf(stored):
    table = stored[1][stored[1]["buyer"] == "a"]
    differences = []
    for _, shelf in table.groupby("trial_id"):
        on = shelf["sponsored"] == 1
        off = ~on & (shelf["overall_pick"] == 0) & (shelf["scarcity"] == 0)
        if on.any() and off.any():
            differences.append(shelf.loc[on, "chosen"].mean() - shelf.loc[off, "chosen"].mean())
    found = one(
        stored,
        "sponsored",
        rows=lambda t: t["buyer"] == "a",
        estimator=["shares"],
        controls=["all", "none"],
    )
    ((universe, e),) = found.estimated  # shares have no controls: one universe
    assert universe.choices["controls"] == "–"
    assert e.estimate == pytest.approx(7 / 8 * np.mean(differences))


def test_all_models_estimate_one_thing(planted_runs):
    """Without product effects to tell apart, three models find the same change of probability."""
    truth = {"overall_pick": 0.8, "row_1": 0.5}
    folder = planted_runs("one-thing", worlds=1500, buyers={"a": truth})
    with RunStore.open(folder) as store:
        stored = (Study.of(store), choices(store))
        found = one(
            stored,
            "overall_pick",
            estimator=["conditional_logit", "linear_probability", "shares"],
            effects=["product_id", "none"],
        )
    values = [e.estimate for _, e in found.estimated]
    error = max(e.std_error for _, e in found.estimated)
    assert len(values) == 5
    assert np.mean(values) == pytest.approx(0.10, abs=0.02)  # .8 x p (1 - p), about 8 / 64
    assert max(values) - min(values) < error


# -- dimensions --------------------------------------------------------------------------------


def test_dimensions_select_rows_and_repeat_no_universe(stored):
    found = one(
        stored,
        "sponsored",
        buyer=["each", "all"],
        task_id=["all", "watch", ["watch", "stapler"]],
        repeat=[0],
        estimator=["shares"],
        effects=["product_id", "none"],
    )
    # all tasks are the two of them, and shares have no effects
    assert len(found.tried) == 3 * 2
    sizes = {(u.choices["buyer"], u.choices["task_id"]): e.n_trials for u, e in found.estimated}
    assert sizes[("a", "all")] == 240
    assert sizes[("a", "watch")] == 120
    assert sizes[("all", "all")] == 480
    assert any("over again" in note for note in found.notes)


def test_universes_that_fail_are_shown_with_why(stored):
    found = one(
        stored,
        "log_price",
        estimator=["conditional_logit", "shares"],
        exclude=["none", {"task_id": ["watch", "stapler"]}],
    )
    why = {u.why.partition(",")[0] for u in found.tried if u.found is None}
    assert any("needs a term of 0 and 1" in each for each in why)
    assert "no trial is of this combination" in why
    table = found.parts()[1].table
    assert "without an estimate" in table.title
    assert len(table.rows) == 3
    rows = [row for part in found.parts() for row in part.estimates()]
    assert sum(row.estimate is None for row in rows) == 3


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"buier": "each"}, "did you mean 'buyer'"),
        ({"sponsored": "each"}, "differs between the listings"),
        ({"buyer": ["c"]}, "has no 'c'"),
        ({"buyer": ["a", "each"]}, "names an option twice"),
        (
            {"world_id": "each", "repeat": "each", "buyer": ["each", "all"]},
            "universes are more than",
        ),
        ({"cluster": ["wrld_id"]}, "did you mean 'world_id'"),
        ({"controls": [["no_such"]]}, "'no_such' can't be computed"),
        ({"exclude": [{"position_lock": 7}]}, "position_lock"),
    ],
)
def test_what_is_no_dimension_is_told(stored, over, said):
    with pytest.raises(EstimationError, match=said):
        one(stored, "sponsored", **over)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("term: sponsored", "over"),
        ("term: sponsored, over: {}", "needs a dimension"),
        ("term: sponsored, over: {estimator: [probit]}", "estimator 'probit' is unknown"),
        ("term: sponsored, over: {controls: [some]}", "controls are"),
        ("term: sponsored, over: {exclude: [first]}", "exclude"),
        ("term: sponsored, over: {effects: []}", "no option"),
        ("term: x, scale: log_odds, over: {estimator: [shares]}", "estimates no log-odds"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_line(tmp_path, text, said):
    path = tmp_path / "m.yaml"
    path.write_text("analysis:\n  - {use: multiverse, " + text + "}\n")
    with pytest.raises(SpecError, match=rf"(?s)m.yaml:2.*{said}"):
        load_analyses(path, registries())


def test_one_option_needs_no_brackets():
    over = {"repeat": 0, "exclude": {"failed": 0.1}, "buyer": "each", "outside": True}
    config = MultiverseEstimator.Config(term="x", over=over)
    assert config.over == {
        "repeat": (0,),
        "exclude": ({"failed": 0.1},),
        "buyer": "each",
        "outside": (True,),
    }


def test_scales_are_not_mixed():
    def scale(**over):
        return MultiverseEstimator(MultiverseEstimator.Config(term="x", over=over)).scale

    assert scale(effects=["product_id", "none"]) == "log_odds"
    assert scale(estimator=["conditional_logit", "shares"]) == "probability"


def test_the_variance_falls_to_the_choices_that_move_it(stored):
    found = one(
        stored,
        "overall_pick",
        estimator=["conditional_logit", "linear_probability"],
        cluster=["world_id", "trial_id"],
    )
    shares = {name: share for name, _, share in decomposition(found)}
    assert shares == pytest.approx({"estimator": 1.0, "cluster": 0.0}, abs=1e-9)
    told = summary(found)
    assert told["above"] == 1.0
    assert told["lowest"] < told["median"] < told["highest"]


# -- the joint test ----------------------------------------------------------------------------


def test_statistics_are_held_against_those_of_the_draws():
    estimate = np.array([[3.0, 1.0, -4.0, 0.0], [1.0, 1.0, -2.0, np.nan]])
    z = np.array([[3.0, 1.0, -4.0, 0.0], [1.0, 3.0, -2.5, np.nan]])
    found = {s.name: s for s in statistics_of(Steps(estimate, z), [np.inf, np.inf], 0.05)}
    assert found[MEDIAN].observed == 2.0
    assert found[MEDIAN].p_value == 2 * 1 / 4  # no draw is as high
    assert found[SHARE].observed == 0.5
    assert found[SHARE].p_value == 2 * 2 / 4  # one is as high
    assert found[BEST].p_value == 3 / 4  # two are as small


def test_a_planted_effect_is_found_and_a_missing_one_is_not(stored):
    over = {
        "buyer": ["each", "all"],
        "effects": ["product_id", "none"],
        "controls": ["all", "none"],
    }
    there = one(stored, "overall_pick", redraws=200, scale="log_odds", **over).test
    not_there = one(stored, "sponsored", redraws=200, scale="log_odds", **over).test
    assert there.universes == 12
    assert there.p_value(MEDIAN) == 2 / 201
    assert there.p_value(SHARE) <= 10 / 201
    assert not_there.p_value(MEDIAN) > 0.05


def test_all_universes_go_through_the_same_draws(stored):
    """Twins have one curve: their aggregated z is that of one, times the root of their number."""
    single = one(stored, "sponsored", redraws=60, cluster=["world_id"]).test
    twins = one(stored, "sponsored", redraws=60, cluster=["world_id"], repeat=["all", [0, 1]])
    assert len(twins.tried) == 1  # the same rows are the same universe
    assert twins.test.statistics == single.statistics


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("sponsored", "given who carries `overall_pick` and `scarcity`"),
        ("row_1", "the row of a listing, given its column"),
        ("col_2", "the column of a listing, given its row"),
        ("pos_3", "the slot of a listing"),
        ("log_price", "`price_cents` changes no choice"),
        ("rating", "`rating` changes no choice"),
    ],
)
def test_what_is_drawn_again_is_said_and_all_else_stays(stored, term, said):
    study, table = stored
    null = null_draws(study, list(table["world_id"].unique()), term)
    assert said in null.hypothesis
    drawn = null.draw(7, 0)
    level = null.levels[0]
    was = null.worlds.stored[level]
    assert drawn[level].shape == (240, 7, 8)
    assert (drawn[level] != was[:, None]).any()
    for name in ("price_cents", "rating", "overall_pick", "position"):
        assert null.moves(name) == (name == level)
    assert not np.array_equal(null.draw(7, 1)[level], drawn[level])  # chunks differ
    assert np.array_equal(null.draw(7, 0)[level], drawn[level])  # and can be made again
    if term == "log_price":  # world 0 keeps what the design keeps, others are drawn
        spread = np.log(drawn[level] / was[:, None])
        assert spread[1:].std() == pytest.approx(0.3 * np.sqrt(2), rel=0.1)


def test_terms_of_a_draw_are_those_of_the_table(stored):
    """The stored assignment, given as a draw, gives the very columns of the table."""
    from analysis.joint_test import Redrawn
    from analysis.universe_fits import Features

    study, table = stored
    table = table.reset_index(drop=True)
    for term in ("log_price", "row_1", "rating", "sponsored"):
        null = draws_of_runs([study], list(table["world_id"].unique()), term)
        features = Features.of(table, term, ["row_1:log_price", "log_price:sponsored"])
        redrawn = Redrawn.of(null, features)
        stored_levels = {n: null.parts[0].worlds.stored[n][:, None] for n in null.levels}
        if "position" in stored_levels:
            at = stored_levels["position"]
            stored_levels |= {"row": (at - 1) // 4 + 1, "col": (at - 1) % 4 + 1}
        base = redrawn._base(stored_levels)
        rows = np.arange(len(table))
        for name in features.names:
            values = redrawn._term(name, stored_levels, base)
            found = values[redrawn.world[rows], :, redrawn.slot[rows]][:, 0]
            assert found == pytest.approx(features.columns([name], rows)[:, 0])


@pytest.mark.parametrize(
    ("term", "over", "said"),
    [
        ("row_1:sponsored", {"effects": ["none"]}, "interaction"),
        ("original_rating", {"effects": ["none"]}, "no treatment draws"),
        ("row_1", {"exclude": ["none", {"position_lock": 0.9}]}, "position_lock selects trials"),
    ],
)
def test_where_no_draw_can_be_made_the_curve_stands_without_a_test(stored, term, over, said):
    found = one(stored, term, redraws=20, scale="log_odds", **over)
    assert found.test is None
    assert found.estimated
    assert any("no joint test" in note and said in note for note in found.notes)


def test_a_table_without_its_run_has_a_curve_and_no_test(stored):
    table = stored[1]
    found = multiverse(
        table[table["buyer"] == "a"], "sponsored", {"effects": ["product_id", "none"]}, terms=TAGS
    )
    assert len(found.estimated) == 2
    assert any("run folder" in note for note in found.notes)


def test_an_adaptive_design_has_no_joint_test(stored):
    study, table = stored
    plugin = study.spec.design.model_copy(update={"use": "adaptive"})
    spec = study.spec.model_copy(update={"design": plugin})
    other = Study(study.store, spec, study.declarations, study.truths, study.pools)
    with pytest.raises(EstimationError, match="not drawn by chance alone"):
        null_draws(other, list(table["world_id"].unique()), "sponsored")


def test_a_run_that_a_look_at_effects_ended_has_no_joint_test(stored):
    rule = {"use": "always_valid", "term": "sponsored", "smallest_effect": 0.1}
    fields = stored[0].spec.model_dump() | {"stop": [rule]}

    class Ended:
        spec = ExperimentSpec.model_validate(fields)
        stopped = ("a · json stopped by rule",)

    with pytest.raises(EstimationError, match="looks at effects"):
        null_draws(Ended, ["w"], "sponsored")


class Sketch:
    """Just enough of a run to draw its worlds again."""

    stopped = ()

    def __init__(self, study, declarations, worlds):
        self.spec = study.spec
        self.declarations = declarations
        self.listings = study.listings
        self.store = self
        self.db = self
        from aces.design import draw_world

        pool = [x for name, x in study.listings.items() if name.startswith("watch")]
        self.rows = []
        for k in range(worlds):
            stream = Stream(study.spec.seed, "world", "watch")
            shown, drawn = draw_world(declarations, pool, 8, False, k, stream)
            ids = [item.product_id for item in shown]
            self.rows.append((f"w{k}", "watch", k, ids, drawn.levels))

    def execute(self, _):
        import json

        return [(w, t, k, json.dumps(ids), json.dumps(v)) for w, t, k, ids, v in self.rows]


def test_orders_drawn_in_blocks_are_drawn_again_in_blocks(stored):
    study = Sketch(stored[0], {"position": Square(), "badges": Tags()}, 16)
    null = null_draws(study, [f"w{k}" for k in range(16)], "row_1")
    drawn = null.draw(5, 0)["position"]
    assert null.levels == ("position",)
    for r in range(5):
        for block in (drawn[:8, r], drawn[8:, r]):  # each listing stands in each slot once
            assert (np.sort(block, axis=0) == np.arange(1, 9)[:, None]).all()


def test_pairs_are_drawn_again_within_pairs(stored):
    from aces.design import Arm, Arms

    arms = Arms(name="nudge", arms=(Arm(name="no"), Arm(name="yes")), products=("watch-0",))
    declarations = {
        "position": Permutation(),
        "nudge": arms,
        "pairs": Pairs(treatment="nudge", worlds=2),
    }
    study = Sketch(stored[0], declarations, 20)
    names = [f"w{k}" for k in range(20)]
    drawn = null_draws(study, names, "nudge").draw(40, 0)["nudge"][:, :, 0]
    assert (drawn[::2] + drawn[1::2] == 1).all()
    assert 0.3 < drawn[::2].mean() < 0.7
    rows = null_draws(study, names, "row_1").draw(3, 0)["position"]  # one order for a pair
    assert np.array_equal(rows[::2], rows[1::2])


def test_what_a_table_sets_together_is_drawn_again_together(stored):
    declarations = {
        "price": Factor(
            level="price_cents", distribution="levels", factors=(1.0, 2.0), scope="shelf"
        ),
        "rating": Headroom(),
        "grid": Table(treatments=("price",), rows=((0,), (1,))),
    }
    study = Sketch(stored[0], declarations, 10)
    null = null_draws(study, [f"w{k}" for k in range(10)], "log_price")
    price = null.draw(30, 0)["price_cents"][:, :, 0]
    doubled = price == price.max()
    assert (doubled[::2] ^ doubled[1::2]).all()  # each row of the table once in a block
    assert not null.moves("rating")


def test_a_layout_that_is_drawn_again_moves_rows_and_columns(stored):
    pages = Versions(
        name="page",
        versions=(
            Version(name="grid", settings={"columns": 4}),
            Version(name="list", settings={"columns": 1}),
        ),
    )
    price = Factor(level="price_cents", distribution="levels", factors=(1.0, 2.0), scope="shelf")
    grid = Table(treatments=("price", "page"), rows=((0, 0), (0, 1), (1, 0), (1, 1)))
    study = Sketch(stored[0], {"price": price, "page": pages, "grid": grid}, 8)
    null = draws_of_runs([study], [f"w{k}" for k in range(8)], "log_price")
    assert "none of `price_cents` and `page`, which are drawn together" in null.hypothesis
    drawn = null.draw(20, 0)
    wide = drawn["columns"]
    assert set(wide.ravel()) == {1, 4}
    assert (drawn["row"] * (wide == 1) == np.arange(1, 9) * (wide == 1)).all()
    assert drawn["row"][wide == 4].max() == 2
    assert null.moves("row_1")
    assert null.moves("col_2")
    assert not null.moves("pos_1")


# -- in a run ----------------------------------------------------------------------------------


def test_each_buyer_has_a_curve_of_its_own_unless_it_is_a_dimension(stored):
    study, table = stored

    def found(over):
        config = MultiverseEstimator.Config(term="sponsored", over=over, redraws=20)
        plugin = Plugin(
            use="multiverse", name="m", parameters=config.model_dump(mode="json") | {"name": "m"}
        )
        parts, _ = compare_all(table, [plugin], study)
        titles = [part.table.title for part in parts]
        return titles, [e for part in parts for e in part.estimates()]

    titles, _ = found({"effects": ["product_id", "none"]})
    assert [t for t in titles if "specification" in t] == [
        "m · sponsored · a · specification curve",
        "m · sponsored · b · specification curve",
    ]
    titles, rows = found({"buyer": "each", "effects": ["product_id", "none"]})
    assert len([t for t in titles if "specification" in t]) == 1
    assert len([e for e in rows if e.estimator == "multiverse_conditional_logit"]) == 4
    (median,) = [e for e in rows if e.estimator == "multiverse_median"]
    assert 0 < median.p_value <= 1


@pytest.fixture(scope="module")
def runs(planted_runs):
    """Two runs of one seed, as at two temperatures, and one of another seed."""
    settings = {"worlds": 60, "buyers": {"a": WISH}, "noise": "independent"}
    return [
        planted_runs("warm", **settings),
        planted_runs("cold", **settings, interfaces=("aria",)),
        planted_runs("later", **settings, seed=8),
    ]


def test_runs_are_universes_too(runs):
    config = MultiverseEstimator.Config(
        term="overall_pick",
        over={"run": ["all", "each"], "effects": ["product_id", "none"]},
        runs=tuple(map(str, runs[1:])),
        redraws=50,
    )
    plugin = Plugin(use="multiverse", name="m", parameters=config.model_dump(mode="json"))
    with RunStore.open(runs[0]) as store:
        found = analyze(store, analyses=[plugin])
    rows = [e for e in found.estimates if e.estimator == "multiverse_conditional_logit"]
    sizes = {e.estimand.partition("run ")[2].partition(";")[0]: e.n_trials for e in rows}
    assert sizes == {"all": 360, "warm": 120, "cold": 120, "later": 120}
    assert not any("no joint test" in note for note in found.notes)


def test_runs_of_one_seed_share_their_draws_and_others_do_not(runs):
    stores = [RunStore.open(folder) for folder in runs]
    try:
        studies = [Study.of(store) for store in stores]
        tables = [choices(store) for store in stores]
        worlds = list(dict.fromkeys(w for t in tables for w in t["world_id"]))
        null = draws_of_runs(studies, worlds, "sponsored")
        assert [len(part.worlds.ids) for part in null.parts] == [120, 120]
        drawn = null.draw(20, 0)["sponsored"]
        assert drawn.shape == (240, 20, 8)
        assert (drawn[:120] != drawn[120:]).any()
        with pytest.raises(EstimationError, match="no run has"):
            draws_of_runs(studies, [*worlds, "elsewhere"], "sponsored")
    finally:
        for store in stores:
            store.close()


def test_worlds_of_one_name_that_differ_are_no_worlds_of_both(runs, planted_runs):
    with RunStore.open(runs[0]) as store:
        one, names = Study.of(store), list(choices(store)["world_id"].unique())
        other = Sketch(one, one.declarations, 4)
        other.rows = [(names[0], *row[1:]) for row in other.rows[3:]]  # another draw, same name
        with pytest.raises(EstimationError, match="worlds of one name that differ"):
            draws_of_runs([one, other], names, "sponsored")
