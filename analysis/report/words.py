"""Designs and price equivalents in sentences."""

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
from analysis.display import counted, listed, number, percent
from analysis.estimates import price_changes
from analysis.fits import Fit

_THINGS = {
    "sponsored": "A sponsored tag",
    "overall_pick": "An overall-pick badge",
    "scarcity": "A notice that few are left",
    "best_seller": "A best-seller badge",
    "limited_time": "A limited-time badge",
    "discounted": "A struck-through list price",
    "rating": "One more star",
    "log_review_count": "Having 2.7 times the reviews",
}


def thing(term: str, rows: int, columns: int) -> str:
    """Returns what a term raised by one is, as the subject of a sentence."""
    if term in _THINGS:
        return _THINGS[term]
    kind, _, index = term.partition("_")
    if kind == "row" and index.isdigit():
        return f"Row {index} instead of row {rows}"
    if kind == "col" and index.isdigit():
        return f"Column {index} instead of column {columns}"
    return f"One unit of {term}"


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


def worth_in_price(fit: Fit, rows: int, columns: int) -> Worth:
    """Returns the price change that makes up for each term of a fit with a price term."""
    changes = [c for c in price_changes(fit) if c.estimator.startswith("compensating")]
    if not any(map(bounded, changes)):
        note = "Price itself may not matter to these choices, so that nothing has a worth in price."
        return Worth(fit.arm, note=note)
    money = fit.price is not None and fit.price[1] == "linear"
    known: list[tuple[str, str, str]] = []
    unknown: list[tuple[str, str]] = []
    for change in changes:
        subject, limits = thing(change.term, rows, columns), _limits(change, money)
        low, high = change.ci_low or 0.0, change.ci_high or 0.0
        if not bounded(change) or low <= 0 <= high:
            unknown.append((subject, limits))
        else:
            known.append((subject, _sentence(change, money), limits))
    return Worth(fit.arm, tuple(known), tuple(unknown))


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
