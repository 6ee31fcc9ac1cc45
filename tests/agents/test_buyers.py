"""Buyers keep their contract, bad ones are caught, and the planted one chooses as it says."""

import asyncio
import math
import random
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from aces.errors import BuyerError, SpecError
from aces.seeds import Stream
from aces.testing import check_buyer, sample_shelf
from aces.types import (
    AddToCart,
    Back,
    CheckOut,
    Ground,
    Listing,
    Observation,
    OpenListing,
    PerceivedListing,
    Stop,
    Task,
)
from agents.buyers import BUYERS
from agents.served import ServedBuyer

PARAMETERS = {
    "utility": {
        "coefficients": {"row_1": 1, "log_price": -2, "sponsored:rating": 0.1},
        "heterogeneity": {"rating": 1.0},
        "outside_option": 0.0,
    },
    "scripted": {"actions": [{"type": "open_listing", "product_id": "product-1"}]},
    "random": {"leave": True},
}
TASK = Task(id="t", category="c", requirements={"max_price_cents": 1500})


# those with a served model are held to it against a server, in files of their own
OTHERS = ("person",)
"""Acted for by nobody: tests/e2e/test_people.py has them."""
PLAIN = [
    name
    for name in BUYERS.names()
    if name not in OTHERS and not issubclass(BUYERS.load(name), ServedBuyer)
]


@pytest.mark.parametrize("name", PLAIN)
def test_every_buyer_keeps_the_contract(name):
    check_buyer(BUYERS.build(name, PARAMETERS.get(name, {})))
    if name != "scripted":
        check_buyer(BUYERS.build(name, {}))


# -- buyers that break the contract ---------------------------------------------------------


class Session:
    def __init__(self, choose):
        self.choose = choose

    async def act(self, observation):
        return self.choose(observation)


class Bad:
    def __init__(self, choose, truth=None):
        self.choose = choose
        self.planted = truth

    def start(self, task, stream):
        return Session(self.choose)

    def truth(self):
        return self.planted


class Learning(Bad):
    """Carries what it did in one session into the next."""

    def __init__(self):
        self.visits = 0

    def start(self, task, stream):
        self.visits += 1
        pick = f"product-{self.visits % 8}"
        return Session(lambda seen: AddToCart(product_id=pick))

    def truth(self):
        return None


class Blocking(Bad):
    def start(self, task, stream):
        session = Session(None)
        session.act = lambda observation: Stop()
        return session


def by_chance(seen):
    return (
        AddToCart(product_id=random.choice(seen.listings).product_id) if seen.listings else Stop()
    )


@pytest.mark.parametrize(
    ("buyer", "says"),
    [
        (Bad(lambda seen: AddToCart(product_id="product-99")), "'product-99', which it was not"),
        (Bad(lambda seen: OpenListing(product_id="")), "which it was not shown"),
        (Learning(), "keep no state between sessions"),
        (Bad(by_chance), "Draw all randomness from the stream"),
        (Bad(lambda seen: {"type": "fly"}), "is not an Action"),
        (Bad(lambda seen: None), "is not an Action"),
        (Bad(lambda seen: Stop(), {"price": math.inf}), "not a finite number"),
        (Bad(lambda seen: Stop(), {"price": math.nan}), "not a finite number"),
        (Bad(lambda seen: Stop(), {"price": "low"}), "not a finite number"),
        (Blocking(None), "no async act"),
    ],
)
def test_a_broken_buyer_is_caught(buyer, says):
    with pytest.raises(BuyerError, match=says):
        check_buyer(buyer)


# -- how they choose ------------------------------------------------------------------------


def choose(buyer, shelf, stream, task=TASK):
    action = asyncio.run(buyer.start(task, stream).act(see(shelf)))
    return action.product_id if isinstance(action, AddToCart) else None


def see(shelf, page="results"):
    return Observation(step=1, page=page, listings=shelf)


def shares(buyer, shelf, n, task=TASK):
    """Chosen product -> how often; one event loop for all, which is much quicker."""

    async def shop():
        found = Counter()
        for i in range(n):
            action = await buyer.start(task, Stream("shopper", i)).act(see(shelf))
            found[getattr(action, "product_id", None)] += 1
        return found

    return asyncio.run(shop())


def fits(counts, expected, n):
    """Whether counts follow the expected probabilities (chi-square)."""
    observed = [counts[name] for name in expected]
    assert sum(observed) == n
    return stats.chisquare(observed, [p * n for p in expected.values()]).pvalue > 1e-3


def softmax(utilities):
    weights = {name: math.exp(value) for name, value in utilities.items()}
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}


SHELF = sample_shelf()
UTILITIES = {
    item.product_id: 0.9 * (item.row == 1)
    - 1.8 * math.log(item.price_cents / 100)
    + 0.3 * math.log(1 + item.review_count)
    + 0.6 * (item.rating or 0)
    - 0.5 * ("sponsored" in item.marks)
    + 0.8 * ("scarcity" in item.marks)
    + 0.4 * (item.list_price_cents is not None)
    + (1.5 if item.product_id == "product-7" else 0)
    for item in SHELF
}
PLANTED = {
    "coefficients": {
        "row_1": 0.9,
        "log_price": -1.8,
        "log_review_count": 0.3,
        "rating": 0.6,
        "sponsored": -0.5,
        "scarcity": 0.8,
        "discounted": 0.4,
    },
    "product_effects": {"product-7": 1.5},
}


def test_the_planted_buyer_chooses_by_the_softmax_of_what_it_sees():
    buyer = BUYERS.build("utility", PLANTED)
    assert buyer.utilities(SHELF).tolist() == pytest.approx(list(UTILITIES.values()))
    assert fits(shares(buyer, SHELF, 5000), softmax(UTILITIES), 5000)
    # the adversary: what was planted must matter
    assert not fits(shares(buyer, SHELF, 5000), softmax(dict.fromkeys(UTILITIES, 0)), 5000)


def test_leaving_is_one_more_alternative():
    level = np.mean(list(UTILITIES.values())) + 1
    buyer = BUYERS.build("utility", {**PLANTED, "outside_option": level})
    assert fits(shares(buyer, SHELF, 5000), softmax({**UTILITIES, None: level}), 5000)
    assert buyer.truth()["outside_option"] == level


def test_the_random_buyer_takes_each_alike_and_may_leave():
    even = dict.fromkeys([item.product_id for item in SHELF], 1 / 8)
    assert fits(shares(BUYERS.build("random", {}), SHELF, 4000), even, 4000)
    ninth = dict.fromkeys([*even, None], 1 / 9)
    assert fits(shares(BUYERS.build("random", {"leave": True}), SHELF, 4000), ninth, 4000)


def test_tastes_differ_as_planted_even_around_zero():
    pair = tuple(
        PerceivedListing(
            product_id=f"p{i}", title="t", price_cents=100, rating=r, position=i, row=1, col=i
        )
        for i, r in ((1, 3.0), (2, 5.0))
    )
    buyer = BUYERS.build("utility", {"heterogeneity": {"rating": 3.0}})
    assert fits(shares(buyer, pair, 4000), {"p1": 0.5, "p2": 0.5}, 4000)
    gaps = [np.diff(buyer.utilities(pair, Stream("s", i)))[0] / 2 for i in range(2000)]
    assert stats.kstest(gaps, stats.norm(0, 3).cdf).pvalue > 1e-3
    assert np.diff(buyer.utilities(pair)) == 0
    assert buyer.truth() is None


def test_noise_belongs_to_products_not_to_slots_or_titles():
    buyer = BUYERS.build("utility", {})
    moved = tuple(
        item.model_copy(update={"position": 9 - item.position, "title": "New"})
        for item in reversed(SHELF)
    )
    for i in range(50):
        assert choose(buyer, SHELF, Stream(i)) == choose(buyer, moved, Stream(i))


@pytest.mark.parametrize(
    ("requirements", "left"),
    [
        ({"max_price_cents": 1300}, {"product-0", "product-1", "product-2"}),
        ({"attributes": {"colour": "BLUE"}, "max_price_cents": 1000}, {"product-0"}),
        ({"brand": "Acme"}, {None}),
        ({}, {item.product_id for item in SHELF}),
    ],
)
def test_an_obedient_buyer_keeps_to_the_errand(requirements, left):
    task = Task(id="t", category="c", requirements=requirements)
    obedient = BUYERS.build("utility", {"obey": True})
    assert set(shares(obedient, SHELF, 300, task)) == left
    assert len(shares(BUYERS.build("utility", {}), SHELF, 300, task)) == 8
    assert obedient.truth() is None


@pytest.mark.parametrize(
    ("name", "expected"), [("cheapest", "product-0"), ("first", "product-0"), ("random", None)]
)
def test_simple_rules(name, expected):
    cheap_last = tuple(
        item.model_copy(update={"price_cents": 500 if item.position == 8 else 600})
        for item in SHELF
    )
    found = choose(BUYERS.build(name, {}), cheap_last, Stream(1))
    assert {"cheapest": found == "product-7", "first": found == "product-0"}.get(name, True)
    same = tuple(item.model_copy(update={"price_cents": 1}) for item in reversed(SHELF))
    if expected:
        assert choose(BUYERS.build(name, {}), same, Stream(1)) == expected


def test_from_the_shelf_to_the_order():
    async def walk():
        session = BUYERS.build("first", {}).start(TASK, Stream(1))
        pages = ["product", "results", "cart", "checkout"]
        return [await session.act(see(SHELF if p == "results" else (), p)) for p in pages]

    assert asyncio.run(walk()) == [
        Back(),
        AddToCart(product_id="product-0"),
        CheckOut(),
        CheckOut(),
    ]
    assert choose(BUYERS.build("first", {}), (), Stream(1)) is None


def test_a_script_is_played_and_then_it_stops():
    async def walk():
        buyer = BUYERS.build("scripted", {"actions": [{"type": "back"}, {"type": "check_out"}]})
        one, other = buyer.start(TASK, Stream(1)), buyer.start(TASK, Stream(1))
        return [await session.act(see(SHELF)) for session in (one, one, other, one)]

    *first, last = asyncio.run(walk())
    assert first == [Back(), CheckOut(), Back()]
    assert isinstance(last, Stop)


# -- product effects ------------------------------------------------------------------------

OFFERS = [Listing(product_id=f"p{i}", title="t", price_cents=100 * 2**i) for i in range(4)]


def resolved(effects, seed=1):
    cls = BUYERS.load("utility")
    return cls.resolve(cls.Config(product_effects=effects), Ground(seed, OFFERS)).product_effects


def test_a_rule_becomes_a_table_that_depends_on_the_seed_and_the_product():
    only_price = resolved({"log_price": 2.0})
    assert only_price == pytest.approx({f"p{i}": 2 * i * math.log(2) for i in range(4)})
    drawn = resolved({"sd": 0.5})
    assert drawn == resolved({"sd": 0.5})
    assert drawn != resolved({"sd": 0.5}, seed=2)
    assert resolved({"sd": 1.0}) == pytest.approx({name: 2 * v for name, v in drawn.items()})
    table = {"p1": 0.5}
    assert resolved(table) == table
    assert resolved(None) is None


def test_a_table_names_products_that_are_shown():
    with pytest.raises(SpecError, match="no shelf shows 'p9'"):
        resolved({"p9": 0.5})


def test_the_truth_is_what_was_planted():
    truth = BUYERS.build("utility", PLANTED).truth()
    assert truth == {**PLANTED["coefficients"], "product_id[product-7]": 1.5}
    assert BUYERS.build("random", {}).truth() == {}
    assert BUYERS.build("cheapest", {}).truth() is None
