"""Estimates side by side on one scale: a row for each thing, a column for each buyer.

The figure is a table: its numbers are read by people, screen readers and machines alike; beside
each stands a strip with the estimate and its interval.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.display import Plot, Point, number
from analysis.report.changes import Effect

WIDEST = 6
"""Columns of one table; more stand in further ones below."""
TICKS = 5
LETTER = 6.0
"""Width of a letter below a narrow column, in percent of it."""
WILD = 6.0
"""Intervals longer than this many times the usual are cut at the edge, and marked."""


@dataclass(frozen=True)
class Strip:
    """One estimate on the scale; places are percent of the width.

    Attributes:
        at: Place of the estimate; None beyond the edge.
        low: Place of the interval's lower end.
        high: Place of its upper end.
        cut: `low` and `high`, where the interval goes on beyond that edge.
        value: The estimate as text.
        limits: Its interval as text; empty without one.
        planted: Place of what was planted; None without it.
        truth: What was planted, as text.
        sure: Whether it is told from the reference.
    """

    at: float | None
    low: float
    high: float
    cut: frozenset[str]
    value: str
    limits: str
    planted: float | None = None
    truth: str = ""
    sure: bool = True


@dataclass(frozen=True)
class Line:
    """One row: what it is of, and a strip for each column that has one."""

    label: str
    note: str
    cells: tuple[Strip | None, ...]


@dataclass(frozen=True)
class Matrix:
    """A figure.

    Attributes:
        columns: Heads, whose estimates stand below.
        lines: Rows.
        unit: What the numbers are.
        ticks: Places of the scale with their text.
        reference: Place of no effect; None without one.
        bars: Whether estimates are bars from the left edge, not dots.
        corner: Head of the labels.
        none: What pale estimates can't be told from.
    """

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    unit: str
    ticks: tuple[tuple[float, str], ...]
    reference: float | None
    bars: bool = False
    corner: str = ""
    none: str = "the upright line"

    def parts(self) -> list["Matrix"]:
        """Returns it in tables of a few columns each."""
        if len(self.columns) <= WIDEST:
            return [self]
        # tables of like width: seven are four and three, not six and one
        width = math.ceil(len(self.columns) / math.ceil(len(self.columns) / WIDEST))
        return [
            replace(
                self,
                columns=tuple(self.columns[i] for i in some),
                lines=tuple(
                    replace(line, cells=tuple(line.cells[i] for i in some)) for line in self.lines
                ),
            )
            for some in _groups(len(self.columns), width)
        ]

    @property
    def has_truth(self) -> bool:
        """Whether anything planted is marked."""
        return any(cell and cell.planted is not None for line in self.lines for cell in line.cells)

    @property
    def has_limits(self) -> bool:
        """Whether anything has an interval."""
        return any(cell and cell.limits for line in self.lines for cell in line.cells)


def _groups(n: int, width: int) -> list[range]:
    return [range(start, min(start + width, n)) for start in range(0, n, width)]


@dataclass(frozen=True)
class Scale:
    """From numbers to places.

    Attributes:
        low: Left end.
        high: Right end.
        log: Whether equal ratios are equally far apart.
    """

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Returns a value's place in percent of the width, which may lie beyond it."""
        low, high, value = map(self._bent, (self.low, self.high, value))
        return round(100 * (value - low) / (high - low), 2)

    def _bent(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.log else value

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Returns places of round numbers within it, with their text."""
        values = _ratios(self.low, self.high) if self.log else _round(self.low, self.high)
        return tuple((self.place(value), text) for value, text in values)


def _ratios(low: float, high: float) -> list[tuple[float, str]]:
    """Powers of two, so few that their names have room."""
    first, last = math.ceil(math.log2(low)), math.floor(math.log2(high))
    every = max(1, math.ceil((last - first + 1) / TICKS))
    powers = [k for k in range(first, last + 1) if k % every == 0]
    return [(2.0**k, f"{2**k:,}" if k >= 0 else f"1/{2**-k:,}") for k in powers]


def _round(low: float, high: float) -> list[tuple[float, str]]:
    rough = 0.8 * (high - low) / TICKS
    if rough <= 0:
        return []
    size = 10 ** math.floor(math.log10(rough))
    step = next(k * size for k in (1, 2, 2.5, 5, 10) if k * size >= rough * 0.999)
    digits = next(d for d in range(20) if math.isclose(step, round(step, d)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(k * step, number(k * step, digits)) for k in range(first, last + 1)]


def apart(ticks: Sequence[tuple[float, str]], first: float = 0.0) -> tuple[tuple[float, str], ...]:
    """Returns ticks whose texts do not run into one another in a narrow column.

    Args:
        ticks: Places and texts.
        first: The tick nearest to this place is kept in any case.
    """
    kept: list[tuple[float, str]] = []
    for place, text in sorted(ticks, key=lambda tick: abs(tick[0] - first)):
        room = [abs(place - p) - LETTER * (len(text) + len(t)) / 2 for p, t in kept]
        if min(room, default=math.inf) > LETTER:
            kept.append((place, text))
    return tuple(sorted(kept))


def scale(
    values: Iterable[float | None],
    reference: float | None,
    *,
    log: bool = False,
    edge: float = 0.05,
) -> Scale:
    """Returns a scale that shows all values, cut where a few wild ones would flatten the others."""
    bend: Callable[[float], float] = (lambda v: math.log(max(v, 1e-300))) if log else float
    kept = [bend(v) for v in values if v is not None and math.isfinite(v)]
    middle = bend(reference) if reference is not None else (sum(kept) / len(kept) if kept else 0.0)
    away = sorted(abs(v - middle) for v in kept)
    usual = away[int(0.8 * (len(away) - 1))] if away else 0.0
    reach = WILD * usual or (away[-1] if away else 0.0) or 1.0
    low = max(min([*kept, middle]), middle - reach)
    high = min(max([*kept, middle]), middle + reach)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    room = edge * (high - low)
    low, high = low - room, high + room
    return Scale(math.exp(low), math.exp(high), log=True) if log else Scale(low, high)


def strip(
    on: Scale,
    point: Point,
    text: Callable[[float], str],
    *,
    truth: float | None = None,
    sure: bool = True,
) -> Strip:
    """Returns an estimate on a scale.

    Args:
        on: The scale.
        point: The estimate with its interval.
        text: Writes a number.
        truth: What was planted; None without it.
        sure: Whether it is told from the reference.
    """
    at = on.place(point.value)
    low = at if point.low is None else on.place(point.low)
    high = at if point.high is None else on.place(point.high)
    cut = {name for name, beyond in (("low", low < 0), ("high", high > 100)) if beyond}
    limits = ""
    if point.low is not None and point.high is not None:
        limits = f"{text(point.low)} to {text(point.high)}"
    return Strip(
        at=at if 0 <= at <= 100 else None,
        low=min(max(low, 0.0), 100.0),
        high=min(max(high, 0.0), 100.0),
        cut=frozenset(cut),
        value=text(point.value),
        limits=limits,
        planted=None if truth is None else min(max(on.place(truth), 0.0), 100.0),
        truth="" if truth is None else text(truth),
        sure=sure,
    )


def effects_matrix(found: Mapping[str, Sequence[Effect]]) -> Matrix:
    """Returns effects of several buyers, a row for each change of a listing."""
    every = [effect for effects in found.values() for effect in effects]
    values = [v for e in every for v in (e.ratio, e.low, e.high, e.truth)]
    on = scale(values, 1.0, log=True)
    changes = {effect.term: effect.change for effect in every}
    own = {name: {effect.term: effect for effect in effects} for name, effects in found.items()}
    lines = tuple(
        Line(change.label, change.against, tuple(_cell(on, own[name].get(term)) for name in found))
        for term, change in changes.items()
    )
    unit = "times as often bought as an equal listing without it"
    none = "no effect, all tests of the analysis taken together"
    place = on.place(1.0)
    ticks = apart(on.ticks(), place)
    return Matrix(tuple(found), lines, unit, ticks, place, none=none)


def _cell(on: Scale, effect: Effect | None) -> Strip | None:
    if effect is None:
        return None
    point = Point("", effect.ratio, effect.low, effect.high)
    return strip(on, point, ratio_text, truth=effect.truth, sure=effect.sure)


def ratio_text(ratio: float) -> str:
    """Returns a ratio with about three figures."""
    if ratio >= 1e6 or math.isinf(ratio):
        return "over a million"
    return number(ratio, 0 if ratio >= 99.5 else 1 if ratio >= 9.95 else 2)


def plot_matrix(shown: Plot) -> Matrix:
    """Returns a plot whose points have labels; what is more numerous stands in rows."""
    own = {
        name: {str(point.at): point for point in points} for name, points in shown.series.items()
    }
    labels = list(dict.fromkeys(label for points in own.values() for label in points))
    every = [point for points in own.values() for point in points.values()]
    on = scale([v for p in every for v in (p.value, p.low, p.high)], shown.reference)
    text = writer(every)

    def cell(name: str, label: str) -> Strip | None:
        point = own[name].get(label)
        return point and strip(on, point, text, sure=told(point, shown.reference))

    columns, rows, turned = list(own), labels, False
    if len(columns) > WIDEST and len(labels) < len(columns):
        columns, rows, turned = labels, list(own), True
    lines = tuple(
        Line(row, "", tuple(cell(*((row, c) if turned else (c, row))) for c in columns))
        for row in rows
    )
    place = None if shown.reference is None else on.place(shown.reference)
    return Matrix(tuple(columns), lines, shown.value, apart(on.ticks(), place or 0.0), place)


def told(point: Point, reference: float | None) -> bool:
    """Returns whether an interval leaves out the reference, or a value without one is another.

    True where there is no reference.
    """
    if reference is None:
        return True
    if point.low is None or point.high is None:
        return point.value != reference
    return not point.low <= reference <= point.high


def writer(points: Iterable[Point]) -> Callable[[float], str]:
    """Returns what writes the numbers of a figure, all with the same decimals."""
    every = list(points)
    largest = _largest(p.value for p in every) or _largest(p.high or 0.0 for p in every)
    if not largest or largest >= 1000:
        digits = 0
    else:
        digits = 1 if largest >= 10 else 2 if largest >= 0.1 else 4
    return lambda value: number(value, digits)


def _largest(values: Iterable[float]) -> float:
    return max((abs(value) for value in values if math.isfinite(value)), default=0.0)


@dataclass(frozen=True)
class Bar:
    """A share to show as a bar, with its interval."""

    share: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Bars:
    """Shares of several buyers, a row for each thing.

    Attributes:
        rows: Label -> bar by column.
        reference: Share to compare with; None without one.
        unit: What they are shares of.
        corner: Head of the labels.
    """

    rows: Mapping[str, Mapping[str, Bar]]
    unit: str
    reference: float | None = None
    corner: str = ""

    def matrix(self) -> Matrix:
        """Returns them as a figure whose scale begins at nothing."""
        every = [bar for bars in self.rows.values() for bar in bars.values()]
        top = max([bar.high or bar.share for bar in every] + [self.reference or 0.0, 1e-9])
        on = Scale(0.0, min(100.0, 104 * top))
        columns = list(dict.fromkeys(name for bars in self.rows.values() for name in bars))
        lines = tuple(
            Line(label, "", tuple(_bar(on, bars.get(c)) for c in columns))
            for label, bars in self.rows.items()
        )
        place = None if self.reference is None else on.place(100 * self.reference)
        ticks = apart(on.ticks())
        return Matrix(tuple(columns), lines, self.unit, ticks, place, True, self.corner)


def _bar(on: Scale, bar: Bar | None) -> Strip | None:
    if bar is None:
        return None
    low, high = (None if v is None else 100 * v for v in (bar.low, bar.high))
    return strip(on, Point("", 100 * bar.share, low, high), lambda v: number(v, 1))
