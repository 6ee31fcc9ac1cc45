"""Effects as readers think of them: what changes in a listing, and how often it is bought then.

Of two listings of one shelf that differ in one term alone, a conditional logit has one bought
exp(b) times as often as the other: the ratio of their choice probabilities, whatever else stands
there. Terms on a log scale are shown for a change that one can picture: a price 10 % higher.
"""

import math
from dataclasses import dataclass

from analysis.display import MINUS, number
from analysis.estimates import coefficients
from analysis.fits import Fit

DEARER = math.log(1.1)
DOUBLED = math.log(2)
LEVEL = 0.05
TIMES = 1.945
"""Ratios from here on are told as so many times as often, smaller ones in percent."""


@dataclass(frozen=True)
class Change:
    """What changes in a listing when a term does.

    Attributes:
        label: What it is, as a heading.
        against: What it is held against; empty where that goes without saying.
        clause: Of a listing that has it: `in row 1`.
        other: Of an equal listing that has not: `in row 2`; may be empty.
        subject: What it is, to begin a sentence with.
        step: How far the term moves.
    """

    label: str
    against: str
    clause: str
    other: str
    subject: str
    step: float = 1.0


_MARKS = {
    "sponsored": "sponsored tag",
    "overall_pick": "overall-pick badge",
    "best_seller": "best-seller badge",
    "limited_time": "limited-time badge",
    "discounted": "struck-through list price",
    "scarcity": "notice that few are left",
}
_SLOTS = {"row": "row", "col": "column", "pos": "slot"}
_SCALED = {
    "log_price": Change("10 % dearer", "", "10 % dearer", "", "A price 10 % higher", DEARER),
    "price": Change("Dearer by 1", "", "dearer by 1", "", "A price higher by 1"),
    "rating": Change("One more star", "", "with one more star", "", "One more star"),
    "log_review_count": Change(
        "Twice the reviews", "", "with twice the reviews", "", "Having twice the reviews", DOUBLED
    ),
}


def change_of(term: str, last: dict[str, int], *, binary: bool = False) -> Change:
    """Returns what a term stands for.

    Args:
        term: Its name.
        last: `row`, `col` and `pos` -> the number of the last, which others are held against.
        binary: Whether it is 0 or 1 throughout.
    """
    if term in _SCALED:
        return _SCALED[term]
    if mark := _MARKS.get(term):
        article = "An" if mark[0] in "aeiou" else "A"
        subject = f"{article} {mark}"
        return Change(mark[0].upper() + mark[1:], "", f"with {subject.lower()}", "without", subject)
    kind, _, index = term.partition("_")
    if kind in _SLOTS and index.isdigit() and kind in last:
        name, base = _SLOTS[kind], last[kind]
        label, other = f"{name.title()} {index}", f"{name} {base}"
        return Change(
            label,
            f"against {other}",
            f"in {name} {index}",
            f"in {other}",
            f"{label} instead of {other}",
        )
    name = plain(term)
    if binary:
        return Change(name, "", f"with {name}", "without", name[:1].upper() + name[1:])
    return Change(name, "", f"with {name} one higher", "", f"One unit of {term}")


def binary_terms(fit: Fit) -> set[str]:
    """Returns the terms of a fit that are 0 or 1 in all rows."""
    data = fit.result.choice_fit.data
    return {
        name
        for k, name in enumerate(fit.result.terms)
        if bool(((data.X[:, k] == 0) | (data.X[:, k] == 1)).all())
    }


def label_of(term: str) -> str:
    """Returns the name of a term or arm as a label: `row_1` is `row 1`."""
    kind, _, index = term.partition("_")
    if kind in _SLOTS and index.isdigit():
        return f"{_SLOTS[kind]} {index}"
    return _MARKS.get(term) or plain(term)


def plain(name: str) -> str:
    """Returns a name from a file as people write it: `told_to_ignore` is `told to ignore`."""
    return name.replace("_", " ")


@dataclass(frozen=True)
class Effect:
    """How many times as often a listing is bought that differs in one thing.

    Attributes:
        term: The term.
        change: What it stands for.
        ratio: The estimate.
        low: Lower end of its 95 % interval.
        high: Upper end.
        truth: The planted ratio; None without one.
        sure: Whether it is told from 1 at 5 %, adjusted for the other tests of its family.
    """

    term: str
    change: Change
    ratio: float
    low: float
    high: float
    truth: float | None
    sure: bool

    @property
    def strength(self) -> float:
        """How far from no effect, up or down."""
        return abs(math.log(self.ratio)) if self.ratio > 0 else math.inf


def effects_of(fit: Fit, last: dict[str, int]) -> list[Effect]:
    """Returns the effects of a fit's terms, in their order."""
    found, binary = [], binary_terms(fit)
    for row in coefficients(fit):
        change = change_of(row.term, last, binary=row.term in binary)
        ratio, low, high = (
            _exp(change.step * (value or 0.0)) for value in (row.estimate, row.ci_low, row.ci_high)
        )
        p = fit.adjusted.get(row.term, row.p_value)
        truth = None if row.truth is None else _exp(change.step * row.truth)
        found.append(Effect(row.term, change, ratio, low, high, truth, p is not None and p < LEVEL))
    return found


def _exp(value: float) -> float:
    return math.exp(min(max(value, -700.0), 700.0))


def often(ratio: float) -> str:
    """Returns a ratio of frequencies in words: `2.6 times as often`, `16 % less often`."""
    if ratio >= TIMES:
        return f"{_times(ratio)} times as often"
    if ratio >= 1:
        return f"{_percent(ratio)} more often"
    return f"{_percent(ratio)} less often"


def range_of(effect: Effect) -> str:
    """Returns an effect's interval in the words of its estimate: `2.2 to 3.0`."""
    low, high = effect.low, effect.high
    if effect.ratio >= TIMES:
        return f"{_times(low)} to {_times(high)}"
    if low >= 1 or high <= 1:
        first, second = sorted((low, high), key=lambda ratio: abs(ratio - 1))
        return f"{_percent(first)} to {_percent(second)}"
    return f"{_percent(low)} less to {_percent(high)} more"


def _times(ratio: float) -> str:
    return number(ratio, 0 if ratio >= 19.95 else 1 if ratio >= 0.095 else 2)


def _percent(ratio: float) -> str:
    share = abs(100 * (ratio - 1))
    if 99.95 <= share <= 100:
        return "over 99.9 %"
    whole = 9.95 <= share < 98.95 or share > 100 or share < 0.05
    return f"{number(share, 0 if whole else 1)} %"


def size(ratio: float) -> str:
    """Returns a ratio shortly: `2.6 times`, `+23 %`, `−16 %`."""
    if ratio >= TIMES:
        return f"{_times(ratio)} times"
    return f"{'+' if ratio >= 1 else MINUS}{_percent(ratio)}"


def sentence(effect: Effect) -> str:
    """Returns an effect as a sentence with its interval."""
    change = effect.change
    word = "as" if effect.ratio >= TIMES else "than"
    than = f"{word} an equal one {change.other}".strip()
    return (
        f"A listing {change.clause} is bought {often(effect.ratio)} {than} "
        f"(95 % interval {range_of(effect)})."
    )
