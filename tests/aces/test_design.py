"""Draws: pure, drawn again from what is stored, with the probabilities they state."""

import json
import math
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from aces.design import (
    Arm,
    Arms,
    Declaration,
    Factor,
    Fixed,
    Headroom,
    Permutation,
    Tag,
    Tags,
    draw,
    shelf,
)
from aces.seeds import Stream
from aces.types import Assignment, Listing, Mark

DECLARATION = TypeAdapter(Declaration)


def listings(size):
    return [
        Listing(
            product_id=f"p{i}",
            title=f"Thing {i}",
            price_cents=799 + 650 * i,
            list_price_cents=9999,
            rating=(4.1, 3.0, None, 4.8, 5.0, 0.1)[i % 6],
            review_count=(120, 0, 3, 9)[i % 4],
            stock=40,
            bullets=("Light", "Strong"),
            marks=(Mark(kind="best_seller", text="Best Seller"),),
        )
        for i in range(size)
    ]


DISCRETE = {
    "permutation": Permutation(),
    "tags": Tags(),
    "one tag, seldom": Tags(tags=(Tag(level="best_seller", probability=0.1, most=2),)),
    "factors": Factor(level="price_cents", distribution="levels", factors=(0.9, 1.0, 1.2)),
    # cut to whole numbers, several factors give one value; with no reviews, all of them do
    "factors that meet": Factor(
        level="review_count", distribution="levels", factors=(1.0, 1.05, 2.0), rounding="down"
    ),
    "factors of a shelf": Factor(
        level="review_count", distribution="levels", factors=(1.0, 1.05, 2.0), scope="shelf"
    ),
    "factors and a shift": Factor(
        level="price_cents", distribution="levels", factors=(0.5, 1.0), shift=(1.0, 2.0)
    ),
    "headroom": Headroom(),
    "headroom to the top": Headroom(spread=1.0),
    "steps": Headroom(steps=(-0.2, 0.0, 0.1, 0.1)),
    "arms of a world": Arms(
        name="x", arms=(Arm(name="a"), Arm(name="b", weight=3, changes={"title": "B"}))
    ),
    "arms of listings": Arms(
        name="x",
        unit="listing",
        products=("p0", "p2"),
        arms=(Arm(name="a"), Arm(name="b", weight=2), Arm(name="c", by_product={"p0": {}})),
    ),
}
FIELDS = Arms(
    name="x",
    arms=(
        Arm(name="a"),
        Arm(name="b", changes={"marks": [{"kind": "eco", "text": "Eco"}], "bullets": ["One"]}),
    ),
)
CONTINUOUS = {
    "fields that are lists": FIELDS,
    "lognormal": Factor(level="price_cents", sigma=0.3, minimum=1, hides=("list_price_cents",)),
    "uniform": Factor(level="price_cents", distribution="uniform", low=0.5, high=2.0),
    "shelf": Factor(level="price_cents", scope="shelf"),
    "shift": Factor(level="price_cents", shift=(0.7, 1.4), ending="keep", keep_first=True),
    "ending": Factor(level="price_cents", ending="keep"),
    "count": Factor(level="review_count", sigma=1.0, rounding="down", keep_first=True),
    "given": Fixed(level="price_cents", values={"p0": 5}),
}
ALL = DISCRETE | CONTINUOUS


@pytest.mark.parametrize("name", ALL)
def test_anyone_can_draw_a_stored_plan_again(name):
    declaration, shown = ALL[name], listings(6)
    stored = DECLARATION.validate_json(declaration.model_dump_json())
    for k in range(20):
        first = draw({"t": declaration}, shown, k, Stream(5, k))
        assert first == draw({"t": stored}, shown, k, Stream(5, k))
        kept = Assignment(
            world_id="w",
            task_id="t",
            k=k,
            product_ids=("p0",),
            levels=json.loads(json.dumps(first.levels)),
            probability=first.probability,
        )
        assert dict(kept.levels) == first.levels
        assert set(first.levels) == {*declaration.levels(), "position"}
        assert set(declaration.varied()) <= set(first.levels)
        assert all(len(values) == 6 for values in first.levels.values())


def test_a_draw_depends_on_its_own_name_only():
    shown = listings(8)
    alone = draw({"price": Factor(level="price_cents")}, shown, 3, Stream(1))
    joined = draw(
        {"position": Permutation(), "price": Factor(level="price_cents"), "tags": Tags()},
        shown,
        3,
        Stream(1),
    )
    renamed = draw({"cost": Factor(level="price_cents")}, shown, 3, Stream(1))
    assert joined.levels["price_cents"] == alone.levels["price_cents"]
    assert renamed.levels["price_cents"] != alone.levels["price_cents"]


@given(st.integers(1, 30), st.integers())
def test_a_permutation_is_a_permutation(size, seed):
    slots = Permutation().draw(listings(size), 0, Stream(seed)).levels["position"]
    assert sorted(slots) == list(range(1, size + 1))


def many(declaration, shown, n):
    return [declaration.draw(shown, 1, Stream("many", i)) for i in range(n)]


def within(count, n, chance, sigmas=5):
    """Whether a count of n is what this chance leads one to expect."""
    return abs(count - n * chance) <= sigmas * math.sqrt(n * chance * (1 - chance)) + 1


@pytest.mark.parametrize("name", DISCRETE)
def test_stated_marginals_are_frequencies(name):
    n, shown = 4000, listings(6)
    counts, chances = Counter(), defaultdict(set)
    for drawn in many(DISCRETE[name], shown, n):
        for level, marginals in drawn.marginals.items():
            for i, (value, chance) in enumerate(zip(drawn.levels[level], marginals, strict=True)):
                counts[level, i, value] += 1
                chances[level, i, value].add(round(chance, 9))
    assert counts
    for place, found in chances.items():
        (chance,) = found  # one value of one listing has one probability
        assert within(counts[place], n, chance), place
    for level, i in {place[:2] for place in chances}:
        total = sum(min(found) for place, found in chances.items() if place[:2] == (level, i))
        assert total == pytest.approx(1, abs=2e-3), (level, i)


@pytest.mark.parametrize("name", DISCRETE)
def test_stated_joint_probabilities_are_frequencies_and_sum_to_one(name):
    # three listings, so that every outcome is seen
    n, shown = 8_000, listings(3)
    declaration = DISCRETE[name]
    if name == "tags":  # stock would multiply the outcomes by four
        plain = [tag.model_copy(update={"also": {}}) for tag in declaration.tags]
        declaration = Tags(tags=tuple(plain))
    counts, chances = Counter(), defaultdict(set)
    for drawn in many(declaration, shown, n):
        outcome = tuple(drawn.levels.items())
        counts[outcome] += 1
        chances[outcome].add(round(drawn.probability, 12))
    for outcome, found in chances.items():
        (chance,) = found
        assert within(counts[outcome], n, chance), outcome
    assert sum(min(found) for found in chances.values()) == pytest.approx(1, abs=5e-3)


def test_probabilities_of_several_treatments_multiply():
    shown = listings(4)
    declarations = {"a": Permutation(), "b": Tags(), "c": DISCRETE["arms of a world"]}
    whole = draw(declarations, shown, 0, Stream(2))
    parts = [d.draw(shown, 0, Stream(2, name)) for name, d in declarations.items()]
    assert whole.probability == pytest.approx(math.prod(part.probability for part in parts))


def test_tags_are_those_of_aces():
    drawn = many(Tags(), listings(8), 3000)
    stated = {
        level: chance
        for each in drawn
        for level, marginals in each.marginals.items()
        for on, chance in zip(each.levels[level], marginals, strict=True)
        if on
    }
    assert stated == pytest.approx(
        {"sponsored": 0.15625, "overall_pick": 0.0625, "scarcity": 1 / 16}
    )
    sizes = Counter(sum(each.levels["sponsored"]) for each in drawn)
    assert set(sizes) == {0, 1, 2, 3, 4}
    assert within(sizes[0], 3000, 0.5)
    assert all(within(sizes[k], 3000, 0.125) for k in (1, 2, 3, 4))
    assert {sum(each.levels["overall_pick"]) for each in drawn} == {0, 1}
    left = set()
    for each in drawn:
        tags = [each.levels[tag] for tag in ("sponsored", "overall_pick", "scarcity")]
        assert all(sum(on) <= 1 for on in zip(*tags, strict=True))
        for scarce, stock in zip(each.levels["scarcity"], each.levels["stock"], strict=True):
            assert (stock in (1, 2, 3, 4)) == bool(scarce)
            left.add(stock)
    assert left == {1, 2, 3, 4, 40}


def test_tags_fill_a_small_shelf_without_running_over():
    for drawn in many(Tags(), listings(2), 300):
        assert sum(drawn.levels["sponsored"]) <= 2
        assert 0 < drawn.probability <= 1


@pytest.mark.parametrize("rounding", ["nearest", "down"])
def test_the_lognormal_draw_keeps_the_median_not_the_mean(rounding):
    declaration = Factor(level="price_cents", sigma=0.5, rounding=rounding)
    one = [Listing(product_id="p", title="t", price_cents=100_000)]
    values = sorted(each.levels["price_cents"][0] for each in many(declaration, one, 4001))
    assert values[2000] == pytest.approx(100_000, rel=0.03)
    assert sum(values) / 4001 == pytest.approx(100_000 * math.exp(0.125), rel=0.04)


@pytest.mark.parametrize(
    ("declaration", "law"),
    [
        (Factor(level="price_cents", sigma=0.3), stats.lognorm(0.3, scale=10**9)),
        (
            Factor(level="price_cents", mu=0.4, sigma=1),
            stats.lognorm(1, scale=10**9 * math.exp(0.4)),
        ),
        (
            Factor(level="price_cents", distribution="uniform", low=0.5, high=2),
            stats.uniform(5 * 10**8, 15 * 10**8),
        ),
    ],
)
def test_stated_densities_are_those_of_the_law(declaration, law):
    one = [Listing(product_id="p", title="t", price_cents=10**9)]  # rounding does not matter here
    drawn = many(declaration, one, 500)
    values = [each.levels["price_cents"][0] for each in drawn]
    assert stats.kstest(values, law.cdf).pvalue > 1e-4
    stated = [each.densities["price_cents"][0] for each in drawn]
    assert stated == pytest.approx(law.pdf(values).tolist(), rel=1e-6)


@pytest.mark.parametrize("distribution", ["lognormal", "uniform"])
def test_a_shift_moves_a_whole_shelf_on_top_of_single_draws(distribution):
    plain = Factor(level="price_cents", distribution=distribution)
    shifted = plain.model_copy(update={"shift": (0.5, 2.0)})
    one = [Listing(product_id="p", title="t", price_cents=10**9)]
    for i in range(50):
        alone, both = (d.draw(one * 3, 1, Stream("shift", i)) for d in (plain, shifted))
        (shift,) = set(both.levels["price_shift"])
        expected = [shift * price for price in alone.levels["price_cents"]]
        assert both.levels["price_cents"] == pytest.approx(expected)
        stated = [density / shift for density in alone.densities["price_cents"]]
        assert both.densities["price_cents"] == pytest.approx(stated)
        assert both.probability == 0.5


def test_one_factor_moves_a_whole_shelf():
    shown = [Listing(product_id=f"p{i}", title="t", price_cents=10**6 * (i + 1)) for i in range(3)]
    for drawn in many(Factor(level="price_cents", scope="shelf"), shown, 20):
        prices = drawn.levels["price_cents"]
        assert [price / (i + 1) for i, price in enumerate(prices)] == pytest.approx(
            [prices[0]] * 3, abs=1
        )


@given(st.integers(1, 50_000), st.floats(0.05, 20), st.integers(0, 300))
def test_an_ending_is_kept_whatever_the_factor(cents, factor, minimum):
    declaration = Factor(
        level="price_cents",
        distribution="levels",
        factors=(factor,),
        ending="keep",
        minimum=minimum,
    )
    (value,) = declaration.draw(
        [Listing(product_id="p", title="t", price_cents=cents)], 1, Stream(1)
    ).levels["price_cents"]
    assert value % 100 == cents % 100
    assert value >= minimum
    assert abs(value - cents * factor) <= 50 or value < 100 + minimum


@given(
    st.floats(0, 5),
    st.floats(0, 1),
    st.lists(st.sampled_from([-6.0, -0.1, 0.0, 0.1, 6.0]), max_size=3),
    st.integers(),
)
def test_ratings_stay_on_the_scale(rating, spread, steps, seed):
    shown = [Listing(product_id="p", title="t", rating=rating, price_cents=1)]
    drawn = Headroom(spread=spread, steps=steps).draw(shown, 1, Stream(seed))
    (value,) = drawn.levels["rating"]
    assert 0 <= value <= 5
    assert value == round(value, 1)
    assert 0 <= drawn.probability <= 1 + 1e-9
    if not steps:
        assert abs(value - rating) <= spread * (5 - rating) + 0.05 + 1e-9


def test_a_rating_moves_in_proportion_to_its_headroom():
    shown = [Listing(product_id="p", title="t", rating=r, price_cents=1) for r in (4.0, 4.8)]
    drawn = [each.levels["rating"] for each in many(Headroom(), shown, 1000)]
    assert {low for low, _ in drawn} == {3.6, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2, 4.3, 4.4}
    assert {high for _, high in drawn} == {4.7, 4.8, 4.9}


def test_no_rating_stays_none():
    drawn = Headroom().draw(listings(3), 1, Stream(1))
    assert drawn.levels["rating"][2] is None
    assert drawn.marginals["rating"][2] == 1


@pytest.mark.parametrize(
    "declaration",
    [
        Factor(level="price_cents", keep_first=True),
        Factor(level="review_count", keep_first=True, distribution="levels", factors=(2.0,)),
        Headroom(keep_first=True),
    ],
)
def test_world_0_keeps_the_catalogue_if_asked(declaration):
    shown = listings(6)
    base = tuple(getattr(item, declaration.level) for item in shown)
    first, second = (declaration.draw(shown, k, Stream(k)) for k in (0, 1))
    assert first.levels[declaration.level] == base
    assert first.probability == 1
    assert second.levels[declaration.level] != base
    tags = Tags().draw(shown, 0, Stream(0)), Permutation().draw(shown, 0, Stream(0))
    assert all(each.probability < 1 for each in tags)  # experiment 0 of ACES draws these


def test_arms_change_what_they_name():
    arms = Arms(
        name="offer",
        products=("p1", "p2"),
        arms=(
            Arm(name="control"),
            Arm(name="short", changes={"title": "Short", "stock": 3}),
            Arm(name="long", changes={"title": "Long"}, by_product={"p2": {"title": "Two"}}),
        ),
    )
    shown = listings(4)
    assert arms.columns() == ["offer_short", "offer_long"]
    seen = set()
    for drawn in many(arms, shown, 60):
        short, long = (drawn.levels[c] for c in arms.columns())
        assert (short[0], short[3], long[0], long[3]) == (0, 0, 0, 0)
        assert short[1] == short[2]
        title, stock = drawn.levels["title"], drawn.levels["stock"]
        expected = ("Short", "Short") if short[1] else ("Long", "Two") if long[1] else None
        assert title[1:3] == (expected or ("Thing 1", "Thing 2"))
        assert title[::3] == ("Thing 0", "Thing 3")
        assert stock == ((40, 3, 3, 40) if short[1] else (40,) * 4)
        seen.add((short[1], long[1]))
    assert seen == {(0, 0), (1, 0), (0, 1)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Factor(level="price_cents", distribution="levels"), "needs `factors"),
        (
            lambda: Factor(level="price_cents", distribution="uniform", low=2, high=1),
            "below `high`",
        ),
        (lambda: Factor(level="price_cents", sigma=-1), "greater than or equal to 0"),
        (lambda: Factor(level="price_cents", sigma=math.nan), "finite"),
        (lambda: Factor(level="price_cents", sigma=math.inf), "finite"),
        (lambda: Headroom(spread=1.5), "less than or equal to 1"),
        (lambda: Tag(level="scarcity", also={"stok": (1,)}), "must be a listing's field"),
        (lambda: Arms(name="x", arms=(Arm(name="a"), Arm(name="a"))), "the same name"),
        (lambda: Arm(name="a", weight=0), "greater than 0"),
    ],
)
def test_declarations_refuse_nonsense(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


def test_a_fixed_shelf_is_the_pool_s_beginning():
    assert shelf("abcdef", 3, False, Stream(1)) == ["a", "b", "c"]


def test_a_sampled_shelf_keeps_the_pool_s_order_and_favours_nobody():
    counts = Counter()
    for i in range(2000):
        chosen = shelf("abcdef", 4, True, Stream(i))
        assert chosen == sorted(set(chosen))
        assert len(chosen) == 4
        counts.update(chosen)
    assert all(within(counts[name], 2000, 4 / 6) for name in "abcdef")
