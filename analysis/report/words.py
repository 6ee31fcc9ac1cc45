"""Designs and price equivalents in sentences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aces.design import (
    Allocation,
    Arms,
    BestOffer,
    Declaration,
    Doses,
    Factor,
    Fees,
    Fixed,
    Given,
    Headroom,
    Ladder,
    Nudges,
    Pairs,
    Permutation,
    Removal,
    Saturation,
    Square,
    Steering,
    Struck,
    Table,
    Tags,
    Versions,
)
from aces.spec import Plugin
from aces.types import Estimate
from analysis.analyze import bounded
from analysis.display import Point, counted, listed, number, percent
from analysis.estimates import price_changes
from analysis.fits import Fit
from analysis.report.changes import Change, binary_terms, change_of
from analysis.report.matrix import Line, Matrix, Strip, apart, scale, strip, told

WIDE = 8.0
"""Factors on a price that the scale of worth in price goes to at most."""


@dataclass(frozen=True)
class Worth:
    """What the terms of a fit are worth in price.

    Attributes:
        arm: Whose choices.
        known: Subject, what it is worth, and the 95 % interval.
        unknown: The same for what can't be told from nothing.
        note: Why there is nothing to say, where there is nothing.
    """

    arm: str
    known: tuple[tuple[str, str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    note: str = ""


def worth_in_price(fit: Fit, last: dict[str, int], name: str = "") -> Worth:
    """Returns the price change that makes up for each change of a listing.

    Args:
        fit: A fit with a price term.
        last: `row`, `col` and `pos` -> the number of the last.
        name: Whose; that of the fit where not given.
    """
    name = name or fit.arm
    changes = [c for c in price_changes(fit) if c.estimator.startswith("compensating")]
    if not any(map(bounded, changes)):
        note = "Price itself may not matter to these choices, so that nothing has a worth in price."
        return Worth(name, note=note)
    money = fit.price is not None and fit.price[1] == "linear"
    binary = binary_terms(fit)
    known: list[tuple[str, str, str]] = []
    unknown: list[tuple[str, str]] = []
    for one in changes:
        what = change_of(one.term, last, binary=one.term in binary)
        change = _stepped(one, what.step, money=money)
        subject, limits = what.subject, _limits(change, money)
        low, high = change.ci_low or 0.0, change.ci_high or 0.0
        if not bounded(change) or low <= 0 <= high:
            unknown.append((subject, limits))
        else:
            known.append((subject, _sentence(change, money), limits))
    return Worth(name, tuple(known), tuple(unknown))


def worth_matrix(found: Mapping[str, tuple[Fit, dict[str, int]]]) -> Matrix | None:
    """Returns worth in price for several buyers, side by side; None where scales differ.

    Args:
        found: Whose -> fit with a price term, and the number of the last row, column and slot.
    """
    if len({fit.price[1] for fit, _ in found.values() if fit.price}) != 1:
        return None
    money = next(fit.price[1] for fit, _ in found.values() if fit.price) == "linear"
    own: dict[str, dict[str, Point | None]] = {}
    labels: dict[str, Change] = {}
    for name, (fit, last) in found.items():
        binary = binary_terms(fit)
        for one in price_changes(fit):
            if one.estimator.startswith("compensating"):
                what = labels.setdefault(
                    one.term, change_of(one.term, last, binary=one.term in binary)
                )
                moved = _stepped(one, what.step, money=money)
                own.setdefault(name, {})[one.term] = _point(moved, money=money)
    return _worth_matrix(labels, own, money=money)


def _point(change: Estimate, *, money: bool) -> Point | None:
    """A price change on its scale, as a factor where it is a share; None without bounds."""
    if not bounded(change):
        return None
    base = 0.0 if money else 1.0
    values = (change.estimate, change.ci_low, change.ci_high)
    return Point("", *(base + (value or 0.0) for value in values))


def _worth_matrix(
    labels: Mapping[str, Change], own: Mapping[str, Mapping[str, Point | None]], *, money: bool
) -> Matrix:
    reference = 0.0 if money else 1.0
    points = [point for cells in own.values() for point in cells.values() if point]
    values = [v for p in points for v in (p.value, p.low, p.high)]
    # a set that reaches to a price of nothing, or a hundredfold one, must not flatten the others
    near = [v for v in values if v is not None and (money or 1 / WIDE <= v <= WIDE)]
    on = scale(near, reference, log=not money)

    def text(value: float) -> str:
        if money:
            return f"{'+' if value > 0 else ''}{number(value, 2)}"
        share = 100 * (value - 1)
        if share >= 999.5:
            return f"× {number(value, 0)}"
        return f"{'+' if share >= 0.5 else ''}{number(share, 0)} %"

    def cell(point: Point | None) -> Strip | None:
        return point and strip(on, point, text, sure=told(point, reference))

    lines = tuple(
        Line(what.label, what.against, tuple(cell(cells.get(term)) for cells in own.values()))
        for term, what in labels.items()
    )
    places = on.ticks() if money else [(on.place(f), text(f)) for f in (0.5, 1, 2, 4, 8, 16)]
    ticks = apart([each for each in places if 0 <= each[0] <= 100], on.place(reference))
    unit = "price change that makes up for it"
    return Matrix(tuple(own), lines, unit, ticks, on.place(reference))


def _stepped(change: Estimate, step: float, *, money: bool) -> Estimate:
    """The price change for a term that moves by `step` and not by one."""
    if step == 1:
        return change

    def moved(value: float | None) -> float | None:
        if value is None or not math.isfinite(value) or (not money and value <= -1):
            return value
        return step * value if money else math.expm1(step * math.log1p(value))

    ends = {"ci_low": moved(change.ci_low), "ci_high": moved(change.ci_high)}
    return change.model_copy(update={"estimate": moved(change.estimate), **ends})


def _sentence(change: Estimate, money: bool) -> str:
    amount = _amount(change.estimate or 0.0, money)
    if (change.estimate or 0.0) > 0:
        return f"is worth a price rise of {amount}"
    return f"takes a price cut of {amount} to make up for"


def _limits(change: Estimate, money: bool) -> str:
    if not bounded(change):
        return "anything"
    low, high = change.ci_low or 0.0, change.ci_high or 0.0
    if low <= 0 <= high:
        return f"from a cut of {_amount(low, money)} to a rise of {_amount(high, money)}"
    nearer, farther = sorted([abs(low), abs(high)])
    return f"{_amount(nearer, money)} to {_amount(farther, money)}"


def _amount(change: float, money: bool) -> str:
    if money:
        return number(abs(change), 2)
    return percent(abs(change), 1 if abs(change) < 1 else 0)


def design_sentences(declarations: Mapping[str, Declaration]) -> dict[str, str]:
    """Returns treatment -> how its levels are drawn."""
    return {name: _drawn(declaration) for name, declaration in declarations.items()}


def _drawn(declaration: Declaration) -> str:
    match declaration:
        case Permutation():
            return "slots in uniformly random order"
        case Square(neighbours=False):
            return "slots by random Latin squares: each product has each slot equally often"
        case Square():
            return "slots by Williams designs: each slot and each neighbour equally often"
        case Fixed():
            return f"{declaration.level} as given, in all worlds"
        case Factor():
            return _factor(declaration)
        case Headroom(steps=()):
            return (
                f"rating + a (5 − rating), a uniform on ±{declaration.spread:g}, to a tenth of a "
                "star: a listing near five stars varies little, and says little"
            )
        case Headroom():
            return "rating plus one of " + ", ".join(f"{step:+g}" for step in declaration.steps)
        case Tags():
            parts = [f"{tag.level} ({percent(tag.probability, 0)} of shelves)"
                     for tag in declaration.tags]  # fmt: skip
            return f"{listed(parts)}; no listing carries two"
        case Arms():
            names = listed([arm.name for arm in declaration.arms])
            return f"{names}, drawn per {declaration.unit}"
        case Versions():
            names = listed([version.name for version in declaration.versions])
            return f"the page as {names}, drawn per world"
        case BestOffer() | Ladder() | Steering() | Saturation():
            return _by_listing(declaration)
        case Given() | Nudges():
            return _given(declaration)
        case Doses() | Fees():
            return _dosed(declaration)
        case Struck():
            how = ", ".join(f"{factor:g}" for factor in declaration.factors)
            often = percent(declaration.probability, 0)
            return f"a struck-through price, the price × {how}, on {often} of listings"
        case Removal():
            among = f" of {listed(declaration.among)}" if declaration.among else ""
            some = percent(declaration.chance, 0)
            of = "each shelf" if declaration.chance == 1 else f"{some} of shelves"
            return f"{declaration.count}{among} left out of {of} at random"
        case Table():
            return (
                f"{listed(declaration.treatments)} together, each of {len(declaration.rows)} "
                "combinations once in a block of worlds"
            )
        case Pairs():
            return (
                f"{declaration.worlds} worlds at a time are equal but for {declaration.treatment}"
            )
        case Allocation():
            sold = listed(declaration.products) if declaration.products else "anything"
            return (
                f"arms of {declaration.treatment} in shares that follow what earlier batches of "
                f"the same buyer sold of {sold}"
            )


def _by_listing(declaration: BestOffer | Ladder | Steering | Saturation) -> str:
    """Draws by which some listings of a shelf are set apart from the others."""
    match declaration:
        case BestOffer():
            tests = listed([test.name for test in declaration.tests])
            return f"one listing of each shelf has the best {declaration.level}: {tests} in turn"
        case Steering():
            gaps = ", ".join(f"{100 * gap:g}" for gap in declaration.gaps)
            return (
                f"one listing of each shelf is dearer by {gaps} %, and carries "
                f"{listed(declaration.arms)}, each combination equally often"
            )
        case Saturation():
            numbers = ", ".join(map(str, declaration.sellers))
            return f"{numbers} sellers of a shelf show rewritten texts; how many and who is drawn"
        case Ladder():
            gaps = ", ".join(f"{100 * gap:g}" for gap in declaration.gaps)
            prices = ", ".join(f"{factor:g}" for factor in declaration.references)
            screen = f"; the first {declaration.screen} worlds are a screen"
            return (
                f"one listing at {prices} × the catalogue's price, the others dearer by {gaps} %, "
                "each combination once with the cheapest in each slot in a block of worlds"
                f"{screen if declaration.screen else ''}"
            )


def _given(declaration: Given | Nudges) -> str:
    if isinstance(declaration, Given):
        n = sum(map(len, declaration.worlds.values()))
        return f"{n:,} shelves as their source gives them: not drawn, and without a probability"
    texts = f"{counted(len(declaration.nudges), 'text')} ({listed(declaration.kinds)})"
    nobody = percent(declaration.nobody, 0)
    return f"one listing of each shelf carries one of {texts}, none on {nobody} of shelves"


def _dosed(declaration: Doses | Fees) -> str:
    if isinstance(declaration, Doses):
        which = f"that in slot {declaration.slot}" if declaration.slot else "any"
        arms = ", ".join(" + ".join(tag.level for tag in arm) for arm in declaration.arms[1:])
        return f"one listing of each shelf, {which}, carries nothing or {arms}, equally often"
    shares = ", ".join(f"{100 * share:g} %" for share in declaration.shares)
    how = shares or ", ".join(f"{cents / 100:,.2f}" for cents in declaration.amounts)
    where = f"; told {' or '.join(declaration.told)}" if declaration.told else ""
    return f"a fee on top of the price, one of {how}, for each listing{where}"


def _factor(declaration: Factor) -> str:
    by = {
        "lognormal": f"a log-normal factor (σ = {declaration.sigma:g})",
        "uniform": f"a factor uniform on {declaration.low:g} to {declaration.high:g}",
        "levels": "one of " + ", ".join(f"{factor:g}" for factor in declaration.factors),
    }[declaration.distribution]
    per = " for the whole shelf" if declaration.scope == "shelf" else " for each listing"
    shift = ", ".join(f"{factor:g}" for factor in declaration.shift)
    also = f", and × one of {shift} for the whole shelf" if shift else ""
    return f"{declaration.level.removesuffix('_cents').replace('_', ' ')} × {by}{per}{also}"


def buyer_sentence(buyer: Plugin, truth: Mapping[str, float] | None) -> str:
    """Returns what a buyer is; planted ones are called so."""
    model = buyer.parameters.get("model")
    if truth is None:
        return f"{buyer.use}, model {model}" if model else f"{buyer.use}"
    terms = {name: value for name, value in truth.items() if not name.startswith("product_id[")}
    effects = len(truth) - len(terms)
    if not truth:
        return "planted: chooses blindly, so that every effect is zero"
    shown = ", ".join(f"{name} {number(value, 2)}" for name, value in terms.items())
    more = f", and effects of {effects} products" if effects else ""
    return f"planted: {shown}{more}"
