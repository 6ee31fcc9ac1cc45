"""The answer first: what was found, in sentences with their intervals."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from analysis.display import MINUS, Curve, Plot, Point, counted, listed, number
from analysis.report.changes import TIMES, Effect, often, plain, range_of, sentence, size
from analysis.report.matrix import told, writer

MOST = 3
"""Effects that are told of each buyer, the strongest first."""
BUYERS = 8
"""Buyers that are told of at once; the others are folded away."""


class Telling(NamedTuple):
    """One effect, told shortly.

    Attributes:
        size: How much more or less often: `2.6 times`, `−16 %`.
        of: Of which listing.
        limits: Its 95 % interval.
    """

    size: str
    of: str
    limits: str


@dataclass(frozen=True)
class Row:
    """What is told of one buyer.

    Attributes:
        name: Whose; empty for a further sentence.
        points: Its effects.
        text: What else must be said.
        planted: Whether it is known beforehand what the buyer prefers.
    """

    name: str
    points: tuple[Telling, ...] = ()
    text: str = ""
    planted: bool = False


@dataclass(frozen=True)
class Answer:
    """What one analysis found.

    Attributes:
        asked: What was asked.
        headline: The answer in a sentence.
        rows: What is told of each buyer.
        evidence: `confirmatory`, `exploratory`, or empty where nothing was registered.
        about: What the rows hold.
        worded: Whether the report worded it from a figure.
    """

    asked: str
    headline: str
    rows: tuple[Row, ...] = ()
    evidence: str = ""
    about: str = ""
    worded: bool = False

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows that stand at once."""
        return self.rows if len(self.rows) == BUYERS + 1 else self.rows[:BUYERS]

    @property
    def folded(self) -> tuple[Row, ...]:
        """The others."""
        return self.rows[len(self.shown) :]


def answer_of_effects(
    found: Mapping[str, Sequence[Effect]],
    named: Sequence[str] = (),
    evidence: str = "",
    buyers: int | None = None,
) -> Answer:
    """Returns what moves purchases.

    Args:
        found: Buyer -> its effects.
        named: Terms that are told of in any case: those of families declared beforehand.
        evidence: Of the analysis.
        buyers: How many there are, where some are met several times: by interface or persona.
    """
    asked = "What makes a listing sell?"
    rows = tuple(_rows(found, named))
    about = f"How much more or less often than an equal listing, with 95 % intervals; {_which()}."
    if len(found) > 1:
        return Answer(asked, _headline(found, buyers or len(found)), rows, evidence, about)
    ((name, effects),) = found.items()
    best = _strongest(effects)
    if not best:
        return Answer(asked, _nothing([name], effects), evidence=evidence)
    return Answer(asked, sentence(best[0]), rows, evidence, about)


def _which() -> str:
    return f"of each buyer the {MOST} strongest that can be told from none"


def _strongest(effects: Sequence[Effect]) -> list[Effect]:
    return sorted((e for e in effects if e.sure), key=lambda e: -e.strength)


def strongest(found: Mapping[str, Sequence[Effect]]) -> str:
    """Returns the strongest of all effects, in a sentence."""
    sure = [(name, e) for name, effects in found.items() for e in effects if e.sure]
    if not sure:
        return _nothing(list(found), [e for effects in found.values() for e in effects])
    name, effect = max(sure, key=lambda pair: pair[1].strength)
    said = sentence(effect)
    return f"The strongest effect is seen in {name}: {said[0].lower()}{said[1:]}"


def _headline(found: Mapping[str, Sequence[Effect]], buyers: int) -> str:
    """The change that moves most buyers, and those whom it moves least and most."""
    sure = [(name, e) for name, effects in found.items() for e in effects if e.sure]
    if not sure:
        return _nothing(list(found), [e for effects in found.values() for e in effects])
    sides = Counter((e.term, e.ratio > 1) for _, e in sure)
    strength: Counter[tuple[str, bool]] = Counter()
    for _, e in sure:
        strength[e.term, e.ratio > 1] += e.strength  # type: ignore[assignment]
    term, up = max(sides, key=lambda side: (sides[side], strength[side]))
    moved = sorted(
        ((name, e) for name, e in sure if e.term == term and (e.ratio > 1) == up),
        key=lambda pair: pair[1].strength,
    )
    if len(moved) == 1:
        name, effect = moved[0]
        others = "the other" if len(found) == 2 else f"any of the {len(found) - 1} others"
        return f"{name}: {sentence(effect)} No such effect is seen in {others}."
    return _several(len(found), moved, alike=buyers == len(found))


def _several(n: int, moved: Sequence[tuple[str, Effect]], *, alike: bool) -> str:
    """What several of n buyers (cases, where they are not different buyers) have in common."""
    (least, low), (most, high) = moved[0], moved[-1]
    change = low.change
    some = "all" if len(moved) == n else f"{len(moved)} of"
    who = f"{some} {n} buyers" if alike else f"in {some} {n} cases buyers"
    more = "more" if high.ratio > 1 else "less"
    than = f"than an equal one{f' {change.other}' if change.other else ''}"
    if max(low.ratio, high.ratio) < TIMES:
        sizes, word = (
            (size(low.ratio).lstrip(f"+{MINUS}"), size(high.ratio).lstrip(f"+{MINUS}")),
            "by",
        )
    else:
        sizes, word = (often(low.ratio), often(high.ratio)), "from"
    return (
        f"{who} buy a listing {change.clause} {more} often {than}: {word} "
        f"{sizes[0]} ({least}; 95 % interval {range_of(low)}) to "
        f"{sizes[1]} ({most}; {range_of(high)})."
    )


def _nothing(names: Sequence[str], effects: Sequence[Effect]) -> str:
    who = names[0] if len(names) == 1 else f"any of {counted(len(names), 'buyer')}"
    widest = max((max(e.high, 1 / max(e.low, 1e-9)) for e in effects), default=1.0)
    limit = f"; effects up to {number(widest, 1)} times remain possible" if effects else ""
    return (
        f"Nothing that was varied can be told to move {who}: none of "
        f"{counted(len(effects), 'effect')} differs from none{limit}."
    )


def _rows(found: Mapping[str, Sequence[Effect]], named: Sequence[str]) -> Iterator[Row]:
    """What moves each buyer; of many those first whom anything moves, the others in one row."""
    rows = {name: _row(name, effects, named) for name, effects in found.items()}
    if len(rows) <= BUYERS:
        yield from rows.values()
        return
    moved = [name for name, row in rows.items() if row.points]
    yield from (rows[name] for name in sorted(moved, key=lambda name: -_top(found[name])))
    if rest := [name for name in rows if name not in moved]:
        text = f"nothing that was varied can be told to move {listed(rest, most=BUYERS)}"
        yield Row(f"{len(rest)} more", text=text)


def _top(effects: Sequence[Effect]) -> float:
    return max((effect.strength for effect in effects if effect.sure), default=0.0)


def _row(name: str, effects: Sequence[Effect], named: Sequence[str]) -> Row:
    """The strongest effects of a buyer, and those named beforehand."""
    sure = _strongest(effects)
    told_of = sure[:MOST] + [e for e in effects if e.term in named and e not in sure[:MOST]]
    planted = any(effect.truth is not None for effect in effects)
    text = "" if told_of else "nothing that was varied can be told to move it"
    return Row(name, tuple(_telling(effect) for effect in told_of), text, planted)


def _telling(effect: Effect) -> Telling:
    change = effect.change
    of = f"{change.clause}, not {change.other}" if change.against else change.clause
    unsure = "" if effect.sure else "not told from none: "
    return Telling(size(effect.ratio), of, f"{unsure}{range_of(effect)}")


def answer_of_finding(title: str, own: Sequence[str], plots: Sequence[Plot]) -> Answer | None:
    """Returns a finding's own sentences, or what its first figures say; None where it has none.

    Args:
        title: Of the finding.
        own: Its own sentences, the first of which is the headline.
        plots: Its figures.
    """
    title = plain(title)
    if any(own):
        return Answer(title, own[0], tuple(Row("", text=text) for text in own[1:]))
    read = [f"{plot.title}: {reading(plot)}" for plot in plots[:MOST]]
    if not read:
        return None
    return Answer(title, read[0], tuple(Row("", text=text) for text in read[1:]), worded=True)


def alike_once(answers: Iterable[Answer]) -> list[Answer]:
    """Returns answers, those that several analyses give in the same words once."""
    number_of = Counter(answers)
    return [
        replace(answer, asked=f"{answer.asked} ({n} analyses alike)") if n > 1 else answer
        for answer, n in number_of.items()
    ]


def reading(shown: Plot) -> str:
    """Returns what a figure says, in a sentence: its own, or worded from its estimates."""
    points = [(name, point) for name, points in shown.series.items() for point in points]
    if shown.reading or not points:
        return shown.reading or "nothing was found."
    if isinstance(shown, Curve):
        return _of_universes([point for _, point in points], shown.reference)
    return _of_lines(shown) if shown.along else _of_labels(shown, points)


def _of_universes(points: Sequence[Point], reference: float | None) -> str:
    values = sorted(point.value for point in points)
    text = writer(points)
    said = (
        f"{len(values)} ways to analyse put it between {text(values[0])} and {text(values[-1])}, "
        f"half of them above {text(values[len(values) // 2])}"
    )
    if reference is None:
        return f"{said}."
    above = sum(p.low is not None and p.low > reference for p in points)
    below = sum(p.high is not None and p.high < reference for p in points)
    base = f"{reference:g}"
    return f"{said}; the interval lies above {base} in {above} of them, below in {below}."


def _of_lines(shown: Plot) -> str:
    """Where each line begins and ends; of many those that change most."""
    text = writer([point for points in shown.series.values() for point in points])
    unit = _unit(shown)
    ends = []
    for name, points in shown.series.items():
        ordered = sorted(points, key=lambda point: float(point.at))
        if ordered:
            ends.append((name, ordered[0], ordered[-1]))
    ends.sort(key=lambda each: -abs(each[2].value - each[1].value))
    said = [
        f"{name} goes from {text(first.value)} to {text(last.value)}{unit}"
        for name, first, last in ends[:MOST]
    ]
    _, first, last = ends[0]
    along = shown.along.partition(",")[0]
    return f"from {along} {float(first.at):g} to {float(last.at):g}, {'; '.join(said)}."


def _of_labels(shown: Plot, points: Sequence[tuple[str, Point]]) -> str:
    """The estimate farthest from no effect, and how many can be told from it."""
    text = writer([point for _, point in points])
    base = shown.reference
    with_limits = [pair for pair in points if pair[1].low is not None]
    sure = [pair for pair in with_limits if told(pair[1], base)]

    def say(name: str, point: Point) -> str:
        own = [str(point.at), *([name] if len(shown.series) > 1 else [])]
        limits = ""
        if point.low is not None and point.high is not None:
            limits = f" (95 % interval {text(point.low)} to {text(point.high)})"
        return f"{', '.join(own)}: {text(point.value)}{_unit(shown)}{limits}"

    if base is None or not with_limits:
        ordered = sorted(points, key=lambda pair: pair[1].value)
        lowest = f"; lowest {say(*ordered[0])}" if len(ordered) > 1 else ""
        return f"highest {say(*ordered[-1])}{lowest}."
    if not sure:
        return f"none of {counted(len(with_limits), 'estimate')} can be told from {base:g}."
    best = max(sure, key=lambda pair: abs(pair[1].value - base))
    if len(with_limits) == 1:
        return f"{say(*best)}."
    return f"{say(*best)}, the largest; {len(sure)} of {len(with_limits)} differ from {base:g}."


def _unit(shown: Plot) -> str:
    unit = shown.value.rpartition(", ")[2]
    return f" {unit}" if unit in ("%", "points") else ""
