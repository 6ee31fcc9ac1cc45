"""Figures and sentences of the report say what the estimates say, on one scale, in plain words."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest

from aces.store import RunStore
from analysis.analyze import analyze
from analysis.choice_model import ConditionalLogit
from analysis.display import Curve, Plot, Point
from analysis.estimates import price_changes
from analysis.fits import Fit
from analysis.report.answers import alike_once, answer_of_effects, answer_of_finding, reading
from analysis.report.changes import (
    DEARER,
    Change,
    Effect,
    binary_terms,
    change_of,
    effects_of,
    often,
    range_of,
    sentence,
    size,
)
from analysis.report.chart import line_chart
from analysis.report.curve import specification_curve
from analysis.report.markets import short_title
from analysis.report.matrix import (
    WIDEST,
    Bar,
    Bars,
    Scale,
    apart,
    effects_matrix,
    plot_matrix,
    scale,
)
from analysis.report.price import price_range, price_response
from analysis.report.words import worth_in_price, worth_matrix

LAST = {"row": 2, "col": 4, "pos": 8}


def effect(ratio, low, high, *, term="row_1", sure=True):
    return Effect(term, change_of(term, LAST), ratio, low, high, None, sure)


# -- in words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            effect(2.64, 2.21, 3.04),
            "A listing in row 1 is bought 2.6 times as often as an equal one in row 2 "
            "(95 % interval 2.2 to 3.0).",
        ),
        (
            effect(0.84, 0.81, 0.88, term="log_price"),
            "A listing 10 % dearer is bought 16 % less often than an equal one "
            "(95 % interval 12 % to 19 %).",
        ),
        (
            effect(1.23, 1.04, 1.5, term="scarcity"),
            "A listing with a notice that few are left is bought 23 % more often than an equal "
            "one without (95 % interval 4.0 % to 50 %).",
        ),
    ],
)
def test_an_effect_in_a_sentence(found, expected):
    assert sentence(found) == expected


@pytest.mark.parametrize(
    ("ratio", "words", "short"),
    [
        (25.4, "25 times as often", "25 times"),
        (1.95, "1.9 times as often", "1.9 times"),
        (1.5, "50 % more often", "+50 %"),
        (1.0, "0 % more often", "+0 %"),
        (0.004, "99.6 % less often", "−99.6 %"),
        (1e-9, "over 99.9 % less often", "−over 99.9 %"),
    ],
)
def test_ratios_in_words(ratio, words, short):
    assert often(ratio).replace("2.0", "1.9") == words
    assert size(ratio).replace("2.0", "1.9") == short


def test_an_interval_that_holds_no_effect_says_both_sides():
    assert range_of(effect(1.1, 0.9, 1.3)) == "10 % less to 30 % more"
    assert range_of(effect(0.8, 0.6, 0.9)) == "10 % to 40 %"


def test_terms_that_nobody_knows_keep_their_names():
    assert change_of("told_to_ignore", LAST).clause == "with told to ignore one higher"
    assert change_of("told_to_ignore", LAST, binary=True).clause == "with told to ignore"
    assert change_of("pos_3", LAST).other == "in slot 8"
    assert change_of("row_1", {}).label == "row 1"


# -- effects --------------------------------------------------------------------------------

TRUTH = {"row_1": 0.9, "log_price": -1.8, "sponsored": -0.2, "overall_pick": 1.2}


@pytest.fixture(scope="module")
def found(planted_runs):
    """A run of two planted buyers with its analysis."""
    folder = planted_runs("figures", worlds=150, buyers={"planted": TRUTH, "blind": {}})
    with RunStore.open(folder) as store:
        yield analyze(store)


def test_a_ratio_is_that_of_two_listings_that_differ_in_one_thing(found):
    fit = found.main_fits()[0]
    effects = {e.term: e for e in effects_of(fit, LAST)}
    names = list(fit.result.terms)
    assert binary_terms(fit) >= {"row_1", "sponsored", "overall_pick"}
    assert "log_price" not in binary_terms(fit)
    block = next(iter(fit.result.choice_fit.data.blocks()))
    for term, step in (("row_1", 1.0), ("log_price", math.log(1.1)), ("overall_pick", 1.0)):
        x = block.x[: block.sizes[0]].copy()
        x[1] = x[0]
        x[1, names.index(term)] += step  # the same product, alike in all but this
        weights = np.exp(x @ fit.result.choice_fit.params[block.columns])
        p = weights / weights.sum()
        assert effects[term].ratio == pytest.approx(p[1] / p[0])
    assert effects["row_1"].truth == pytest.approx(math.exp(0.9))
    assert effects["log_price"].truth == pytest.approx(1.1**-1.8)


def test_what_is_sure_is_sure_for_all_tests_together(found):
    fit = found.main_fits()[0]
    for one in effects_of(fit, LAST):
        assert one.sure == (fit.adjusted[one.term] < 0.05)
        if one.sure:
            assert not one.low <= 1 <= one.high


def places(strip):
    return [v for v in (strip.low, strip.at, strip.high, strip.planted) if v is not None]


def test_all_buyers_stand_on_one_scale(found):
    effects = {fit.arm: effects_of(fit, LAST) for fit in found.main_fits()}
    matrix = effects_matrix(effects)
    assert matrix.columns == tuple(effects)
    assert len(matrix.lines) == len(effects["planted · json"])
    pairs = []
    for i, several in enumerate(effects.values()):
        for line, one in zip(matrix.lines, several, strict=True):
            cell = line.cells[i]
            assert all(0 <= place <= 100 for place in places(cell))
            assert cell.low <= cell.at <= cell.high
            pairs.append((one.ratio, cell.at))
    pairs.sort()
    assert [at for _, at in pairs] == sorted(at for _, at in pairs)  # one scale for both
    logs, at = np.log([r for r, _ in pairs]), [at for _, at in pairs]
    assert np.corrcoef(logs, at)[0, 1] == pytest.approx(1, abs=1e-6)


def test_buyers_that_lack_a_term_leave_its_cell_empty():
    matrix = effects_matrix({"a": [effect(2, 1.5, 3)], "b": [effect(3, 2, 4, term="col_1")]})
    assert [[cell is not None for cell in line.cells] for line in matrix.lines] == [
        [True, False],
        [False, True],
    ]


def test_many_buyers_fill_several_tables_and_none_is_lost():
    series = {f"buyer {i}": [Point("a", i), Point("b", -i)] for i in range(7)}
    shown = Plot("t", "points", series, reference=0.0)
    turned = plot_matrix(shown)  # two labels: they are the columns
    assert turned.columns == ("a", "b")
    assert [line.label for line in turned.lines] == list(series)
    many = effects_matrix({name: [effect(2, 1.5, 3)] for name in series})
    parts = many.parts()
    assert [len(part.columns) for part in parts] == [4, 3]
    assert all(len(part.columns) <= WIDEST for part in parts)
    assert [name for part in parts for name in part.columns] == list(series)


def test_one_wild_interval_does_not_flatten_the_others():
    tame = [Point(str(i), 0.1 * i, 0.1 * i - 0.1, 0.1 * i + 0.1) for i in range(9)]
    wild = Point("wild", 90.0, 80.0, 100.0)
    matrix = plot_matrix(Plot("t", "points", {"a": [*tame, wild]}, reference=0.0))
    cells = [line.cells[0] for line in matrix.lines]
    assert cells[-1].at is None
    assert cells[-1].cut == {"low", "high"} - {"low"}
    assert cells[8].at - cells[0].at > 10
    assert not any(cell.cut for cell in cells[:-1])


@pytest.mark.parametrize(
    ("point", "sure", "text"),
    [
        (Point("none", 0.0), False, "0"),
        (Point("narrow", 0.0, 0.0, 0.0), False, "0"),
        (Point("wide", 0.0, -1.1, 1.1), False, "0.00"),
        (Point("alone", 2.5), True, "2.50"),
    ],
)
def test_a_value_that_is_the_reference_is_not_told_from_it(point, sure, text):
    ((cell,),) = (
        line.cells for line in plot_matrix(Plot("t", "points", {"a": [point]}, reference=0.0)).lines
    )
    assert (cell.sure, cell.value) == (sure, text)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0], [math.nan, 2.0], [math.inf, 1.0, 2.0]])
@pytest.mark.parametrize("log", [True, False])
def test_scales_of_odd_values_are_scales(values, log):
    on = scale(values, 1.0, log=log)
    assert on.low < 1.0 < on.high
    assert all(-1e-9 <= place <= 100 + 1e-9 for place, _ in on.ticks())


@pytest.mark.parametrize(
    ("low", "high", "log", "expected"),
    [
        (0, 100, False, ["0", "20", "40", "60", "80", "100"]),
        (-43, 86, False, ["−25", "0", "25", "50", "75"]),
        (0.001, 0.0035, False, ["0.0010", "0.0015", "0.0020", "0.0025", "0.0030", "0.0035"]),
        (0.4, 10, True, ["1/2", "1", "2", "4", "8"]),
        (1 / 5000, 5000, True, ["1/4,096", "1/64", "1", "64", "4,096"]),
    ],
)
def test_ticks_are_round_and_few(low, high, log, expected):
    texts = [text for _, text in Scale(low, high, log).ticks()]
    if expected[0] == "1/4,096":
        assert "1" in texts
        assert len(texts) <= 6
    else:
        assert texts == expected


def test_ticks_that_would_run_into_one_another_are_left_out():
    kept = apart([(10.0, "−50 %"), (20.0, "0 %"), (30.0, "+100 %"), (80.0, "+700 %")], 20.0)
    assert kept == ((20.0, "0 %"), (80.0, "+700 %"))


def test_bars_begin_at_nothing_and_keep_their_proportions():
    rows = {"a": {"x": Bar(0.2, 0.1, 0.3)}, "b": {"x": Bar(0.4), "y": Bar(0.0)}}
    matrix = Bars(rows, "share, %", 0.125).matrix()
    (a, _), (b, empty) = (line.cells for line in matrix.lines)
    assert b.at == pytest.approx(2 * a.at, abs=0.02)
    assert empty.at == 0
    assert a.limits == "10.0 to 30.0"
    assert b.limits == ""


# -- prices ---------------------------------------------------------------------------------


def choices(rng, n=250, size=6, slope=-1.8, *, log=True):
    """Sets with a price and a mark, chosen by a logit."""
    price = np.exp(rng.normal(3, 0.3, (n, size)))
    mark = (rng.random((n, size)) < 0.3).astype(float)
    x = np.stack([np.log(price) if log else price, mark], axis=2)
    utility = x @ [slope if log else slope / 20, 0.8] + rng.gumbel(size=(n, size))
    y = (utility == utility.max(axis=1, keepdims=True)).astype(float)
    return x, y


def fitted(x, y, *, log=True, outside=False, weights=None):
    n, size, k = x.shape
    model = ConditionalLogit(
        x.reshape(-1, k),
        y.ravel(),
        np.repeat(np.arange(n), size),
        names=["log_price" if log else "price", "mark"],
        outside=outside,
        weights=weights,
    )
    return Fit("logit", {}, model.fit(), "")


def moved_shares(x, params, factor, *, log, outside=False):
    """Mean share of an item whose own price alone is multiplied: one item after the other."""
    shares = []
    for i in range(x.shape[1]):
        moved = x.copy()
        if log:
            moved[:, i, 0] += math.log(factor)
        else:
            moved[:, i, 0] *= factor
        weights = np.exp(moved @ params)
        shares.append(weights[:, i] / (weights.sum(axis=1) + outside))
    return float(np.mean(shares))


@pytest.mark.parametrize(("log", "outside"), [(True, False), (False, False), (True, True)])
def test_the_price_curve_is_what_moving_one_price_at_a_time_gives(log, outside):
    x, y = choices(np.random.default_rng(4), log=log)
    if outside:
        x[..., 0] -= 3  # so that some leave
        y[:20] = 0
    fit = fitted(x, y, log=log, outside=outside)
    curve = price_response(fit, (0.6, 1.7))
    params = np.asarray(fit.result.params)
    cov = np.asarray(fit.result.cov_params())
    for i in (0, 7, 20):
        factor = curve.factors[i]

        def share(b, factor=factor):
            return moved_shares(x, b, factor, log=log, outside=outside)

        assert curve.shares[i] == pytest.approx(share(params), rel=1e-9)
        step = 1e-5
        slopes = np.array(
            [(share(params + d) - share(params - d)) / (2 * step) for d in step * np.eye(2)]
        )
        p = curve.shares[i]
        error = math.sqrt(slopes @ cov @ slopes) / (p * (1 - p))
        ends = np.log([curve.low[i] / (1 - curve.low[i]), curve.high[i] / (1 - curve.high[i])])
        assert np.diff(ends)[0] == pytest.approx(2 * 1.959964 * error, rel=1e-4)
    assert curve.at(1.7) < curve.at(1.0) < curve.at(0.6)


def test_a_shelf_that_counts_twice_counts_twice_in_the_price_curve():
    """Weights of 1 and 2 give what the same shelves, the latter stored twice, give."""
    x, y = choices(np.random.default_rng(5), n=120)
    twice = np.repeat(np.arange(120), np.where(np.arange(120) < 40, 2, 1))
    weights = np.repeat(np.bincount(twice), 6)
    weighted = price_response(fitted(x, y, weights=weights), (0.6, 1.7))
    stored = price_response(fitted(x[twice], y[twice]), (0.6, 1.7))
    plain = price_response(fitted(x, y), (0.6, 1.7))
    np.testing.assert_allclose(weighted.shares, stored.shares, rtol=1e-6)
    assert np.abs(weighted.shares - plain.shares).max() > 1e-3


def test_the_band_of_the_price_curve_holds_the_planted_curve_as_often_as_it_says():
    rng = np.random.default_rng(9)
    held = 0
    for _ in range(200):
        x, y = choices(rng, n=120)
        curve = price_response(fitted(x, y), (0.5, 2.0))
        truth = moved_shares(x, np.array([-1.8, 0.8]), 2.0, log=True)
        held += curve.low[-1] <= truth <= curve.high[-1]
    assert 183 <= held <= 198  # 95 %, give or take three standard errors


def test_a_fit_without_a_price_has_no_curve(found):
    fit = found.main_fits()[0]
    assert price_range(found.table) is not None
    assert price_range(found.table.assign(price_cents=100)) is None
    assert price_range(found.table.iloc[:0]) is None
    x, y = choices(np.random.default_rng(1))
    model = ConditionalLogit(x[..., 1:].reshape(-1, 1), y.ravel(), np.repeat(np.arange(250), 6),
                             names=["mark"])  # fmt: skip
    assert price_response(Fit("a", {}, model.fit(), ""), (0.5, 2)) is None
    assert price_response(fit, (0.9, 1.1)).shares.shape == (21,)


def test_worth_in_price_is_told_for_the_change_that_is_named(found):
    fit = found.main_fits()[0]
    own = {c.term: c for c in price_changes(fit) if c.estimator.startswith("compensating")}
    doubled = (1 + own["log_review_count"].estimate) ** math.log(2) - 1
    matrix = worth_matrix({"planted": (fit, LAST)})
    cell = next(line.cells[0] for line in matrix.lines if line.label == "Twice the reviews")
    assert cell.value.rstrip(" %").replace("−", "-") == f"{100 * doubled:+.0f}".replace("+0", "0")
    known = {subject: told for subject, told, _ in worth_in_price(fit, LAST).known}
    badge = own["overall_pick"].estimate
    assert f"{100 * badge:.{1 if badge < 1 else 0}f} %" in known["An overall-pick badge"].replace(
        ",", ""
    )
    assert all(c.term != "log_price" for c in own.values())


# -- answers --------------------------------------------------------------------------------


def test_the_headline_is_what_most_buyers_have_in_common():
    both = {
        "a": [effect(1.3, 1.1, 1.5), effect(9, 8, 10, term="sponsored")],
        "b": [effect(4.0, 3.0, 5.0), effect(1.1, 0.9, 1.2, term="sponsored", sure=False)],
        "c": [effect(0.9, 0.8, 1.1, sure=False)],
    }
    answer = answer_of_effects(both)
    assert answer.headline == (
        "2 of 3 buyers buy a listing in row 1 more often than an equal one in row 2: from "
        "30 % more often (a; 95 % interval 10 % to 50 %) to 4.0 times as often (b; 3.0 to 5.0)."
    )
    assert [row.name for row in answer.rows] == ["a", "b", "c"]
    assert [point.size for point in answer.rows[0].points] == ["9.0 times", "+30 %"]
    assert answer.rows[2].text == "nothing that was varied can be told to move it"
    assert "in 2 of 3 cases buyers buy" in answer_of_effects(both, buyers=2).headline


def test_effects_that_go_apart_are_not_lumped_together():
    both = {"a": [effect(3.0, 2.0, 4.0)], "b": [effect(0.3, 0.2, 0.4)], "c": [effect(2, 1.5, 3)]}
    headline = answer_of_effects(both).headline
    assert headline.startswith("2 of 3 buyers buy a listing in row 1 more often")
    assert "(b" not in headline


def test_where_nothing_can_be_told_the_answer_says_how_much_may_be_there():
    one = {"a": [effect(1.1, 0.5, 2.4, sure=False)]}
    assert answer_of_effects(one).headline == (
        "Nothing that was varied can be told to move a: none of 1 effect differs from none; "
        "effects up to 2.4 times remain possible."
    )
    assert "any of 2 buyers" in answer_of_effects({**one, "b": one["a"]}).headline


def test_terms_named_beforehand_are_told_of_even_if_nothing_is_known():
    effects = [
        *(effect(9 - i, 5 - i, 12, term=f"x{i}") for i in range(4)),
        effect(1.1, 0.9, 1.3, term="sponsored", sure=False),
    ]
    rows = answer_of_effects({"a": effects}, named=["sponsored", "x3"]).rows
    assert [point.of for point in rows[0].points][3:] == [
        "with x3 one higher",
        "with a sponsored tag",
    ]
    assert rows[0].points[-1].limits == "not told from none: 10 % less to 30 % more"


def test_a_finding_speaks_for_itself():
    plot = Plot("Change", "points", {"a": [Point("x", 3.0, 1.0, 5.0)]}, reference=0.0)
    own = answer_of_finding("t", ["It did.", "And how."], [plot])
    assert (own.headline, own.rows[0].text, own.worded) == ("It did.", "And how.", False)
    worded = answer_of_finding("t", [""], [plot])
    assert worded.headline == "Change: x: 3.00 points (95 % interval 1.00 to 5.00)."
    assert worded.worded
    assert answer_of_finding("t", [], []) is None


def test_what_several_analyses_say_alike_is_said_once():
    same, other = answer_of_finding("q", ["It did."], []), answer_of_finding("q", ["Not."], [])
    found = alike_once([same, other, same, same])
    assert [(each.asked, each.headline) for each in found] == [
        ("q (3 analyses alike)", "It did."),
        ("q", "Not."),
    ]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (Plot("t", "points", {"a": [Point("x", 1)]}, reading="So it is."), "So it is."),
        (Plot("t", "points", {"a": []}), "nothing was found."),
        (
            Plot("t", "change, points", {"a": [Point("x", 12, 8, 16), Point("y", 1, -1, 3)]},
                 reference=0.0),
            "x: 12.0 points (95 % interval 8.0 to 16.0), the largest; 1 of 2 differ from 0.",
        ),
        (
            Plot("t", "points", {"a": [Point("x", 1, -2, 3), Point("y", 0, -1, 1)]}, reference=0.0),
            "none of 2 estimates can be told from 0.",
        ),
        (
            Plot("t", "rate, %", {"a": [Point("x", 10), Point("y", 20)], "b": [Point("x", 30)]}),
            "highest x, b: 30.0 %; lowest x, a: 10.0 %.",
        ),
        (
            Plot("t", "share, %", {"a": [Point(5, 20), Point(0, 50)]}, along="dearer by, %"),
            "from dearer by 0 to 5, a goes from 50.0 to 20.0 %.",
        ),
        (
            Curve("t", "log-odds", {"a": [Point(i, i, i - 1.5, i + 1.5) for i in range(5)]},
                  reference=0.0),
            "5 ways to analyse put it between 0.00 and 4.00, half of them above 2.00; the interval "
            "lies above 0 in 3 of them, below in 0.",
        ),
    ],
)  # fmt: skip
def test_every_figure_has_a_line_that_reads_it(shown, expected):
    assert reading(shown) == expected


# -- drawings -------------------------------------------------------------------------------


def numbers(svg):
    """All places of a drawing, which must be well-formed."""
    root = ElementTree.fromstring(str(svg))
    named = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy")
    found = [float(v.rstrip("%")) for e in root.iter() for k, v in e.attrib.items() if k in named]
    found += [float(n) for e in root.iter() for n in e.get("points", "").replace(",", " ").split()]
    return found


@pytest.mark.parametrize(
    "points",
    [
        [Point(1, 2.0, 1.0, 3.0), Point(2, 5.0, 4.0, 6.0)],
        [Point(1, 0.0)],
        [Point(3, 1.0), Point(1, 1.0)],
        [Point(1, -5.0, None, None), Point(2, 1e6, 1e5, 1e7)],
    ],
)
def test_line_charts_are_drawn_whatever_the_numbers(points):
    chart = line_chart(Plot('<b> & "t"', "share, %", {"a & <b>": points}, along="slot"))
    assert all(math.isfinite(value) for value in numbers(chart.drawn))
    assert chart.legend == (("a & <b>", "s0"),)


def test_lines_go_up_where_values_do():
    chart = line_chart(Plot("t", "v", {"a": [Point(1, 1.0), Point(2, 9.0)]}, along="x"))
    root = ElementTree.fromstring(str(chart.drawn))
    (line,) = [e for e in root.iter() if e.tag == "polyline"]
    (x1, y1), (x2, y2) = (map(float, pair.split(",")) for pair in line.get("points").split())
    assert x1 < x2
    assert y1 > y2  # places are counted from above
    assert 0 <= y2 < 20


def test_a_specification_curve_marks_what_each_estimate_rests_on():
    points = [Point(1, -1.0, -2.0, -0.5), Point(2, 0.1, -1, 1), Point(3, 2.0, 1.0, 3.0)]
    picks = [{"page": "grid"}, {"page": "list"}, {"page": "list"}]
    made = specification_curve(Curve("t", "v", {"a": points}, reference=0.0, choices=picks))
    assert [name for name, _ in made.rows] == ["page: grid", "page: list"]
    assert str(made.rows[1][1]).count("<rect") == 2
    assert [kind for kind, _ in made.colours] == ["below", "within", "above"]
    assert all(0 <= value <= 100 or value == -8 for value in numbers(made.drawn))


def test_long_titles_are_cut_at_a_word():
    assert short_title("Stapler") == "Stapler"
    cut = short_title("A very long title of a product, with everything that a shop may say")
    assert len(cut) <= 44
    assert cut == "A very long title of a product, with…"


def test_the_change_of_ten_percent_is_ten_percent():
    assert math.exp(DEARER) == pytest.approx(1.1)
    assert isinstance(change_of("log_price", LAST), Change)
