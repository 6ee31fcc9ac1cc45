"""Marks, money and what a card shows."""

import pytest

from aces.errors import UserError
from aces.types import Mark
from marketplace.cards import Card, promise
from marketplace.marks import LOW_STOCK, STANDARD_MARKS, legend, shown_marks, standard_mark
from marketplace.money import amount, decimal, parts


@pytest.mark.parametrize(
    ("cents", "people", "program"),
    [
        (0, "$0.00", "0.00"),
        (5, "$0.05", "0.05"),
        (2499, "$24.99", "24.99"),
        (123456, "$1,234.56", "1234.56"),
        (100000000, "$1,000,000.00", "1000000.00"),
    ],
)
def test_amounts(cents, people, program):
    assert amount(cents, "USD") == people == "".join(parts(cents, "USD"))
    assert decimal(cents, "USD") == program


def test_unknown_currency_and_mark_name_the_nearest():
    with pytest.raises(UserError, match="did you mean 'USD'"):
        amount(1, "USX")
    with pytest.raises(UserError, match="did you mean 'sponsored'"):
        standard_mark("sponsred")


def test_legend_covers_every_standard_mark_and_what_stock_says():
    assert legend() == {
        "sponsored": ("Sponsored",),
        "overall_pick": ("Overall Pick",),
        "best_seller": ("Best Seller",),
        "limited_time": ("Limited time deal",),
        "scarcity": ("Only {value} left in stock",),
        "unavailable": ("Currently unavailable",),
    }
    assert {kind: mark.kind for kind, mark in STANDARD_MARKS.items()} == {
        kind: kind for kind in STANDARD_MARKS
    }


@pytest.mark.parametrize(
    ("stock", "kinds"),
    [
        (100, []),
        (LOW_STOCK + 1, []),
        (LOW_STOCK, ["scarcity"]),
        (1, ["scarcity"]),
        (0, ["unavailable"]),
    ],
)
def test_stock_speaks_when_it_is_low(make_world, stock, kinds):
    world = make_world(1, {1: {"stock": stock}})
    marks = shown_marks(world.listings[0])
    assert [mark.kind for mark in marks] == kinds
    assert all(mark.value == stock for mark in marks if mark.kind == "scarcity")


def test_braces_in_a_mark_stay_as_they_are(make_world):
    odd = Mark(kind="odd", text="{value} of {x} {0}", value=3)
    world = make_world(1, {1: {"marks": (odd,)}})
    card = Card(world, world.listings[0], world.products["p1"])
    assert card.marks_at("image") == [("badge", "3 of {x} {0}")]


@pytest.mark.parametrize(
    ("price", "list_price", "saving"),
    [(2000, None, 0), (1999, 2999, 33), (2000, 2000, 0), (2500, 2000, 0), (0, 0, 0)],
)
def test_saving_never_overstates(make_world, price, list_price, saving):
    facts = {"price_cents": price, "list_price_cents": list_price}
    world = make_world(1, {1: facts})
    assert Card(world, world.listings[0], world.products["p1"]).saving == saving


@pytest.mark.parametrize(
    ("clock", "days", "cents", "tag", "text"),
    [
        ("2026-01-15T10:00:00Z", 5, 0, "en-US", "FREE delivery Tue, Jan 20"),
        ("2026-12-29T23:00:00Z", 5, 0, "en-US", "FREE delivery Sun, Jan 3"),
        ("2026-01-15T10:00:00Z", 0, 499, "en-US", "$4.99 delivery Thu, Jan 15"),
        ("2026-01-15T10:00:00Z", 2, 499, "de-DE", "4,99\xa0$ delivery Sa., 17. Jan."),
    ],
)
def test_delivery_is_counted_from_the_worlds_clock(clock, days, cents, tag, text):
    assert promise(clock, days, cents, "USD", tag) == text
