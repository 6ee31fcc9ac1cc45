"""Tables and plots as plain data, and numbers as people read them, for console and report."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aces.money import minor_digits

MINUS = "−"


@dataclass(frozen=True)
class Table:
    """A table to show.

    Attributes:
        title: What it is.
        columns: Heads; a column whose cells are numbers is set to the right.
        rows: Cells as text.
        note: What a reader must know beside it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


class Point(NamedTuple):
    """One estimate of a plot.

    Attributes:
        at: Where it stands: a number along the curve, or a label of its own.
        value: The estimate.
        low: Lower end of its interval; None without one.
        high: Upper end.
    """

    at: float | str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Plot:
    """A figure to show: estimates with intervals, by label or along a number.

    Attributes:
        title: What it shows.
        value: Name and unit of what is estimated.
        series: Name -> its points; whose they are.
        along: Name and unit of what the points stand along; empty where they have labels.
        reference: Value of no effect, drawn as a line; None without one.
        reading: What the figure says, in a sentence; left empty, the report words one itself.
    """

    title: str
    value: str
    series: Mapping[str, Sequence[Point]]
    along: str = ""
    reference: float | None = None
    reading: str = ""


@dataclass(frozen=True)
class Curve(Plot):
    """A specification curve: estimates in order, one series, and the choices behind each.

    Attributes:
        choices: Of each point: what was chosen -> how.
    """

    choices: Sequence[Mapping[str, str]] = ()


def number(value: float | None, digits: int = 3) -> str:
    """Returns a number with fixed decimals, `−1,234.500`; empty where there is none."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:,.{digits}f}"
    if not text.strip("-0."):
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def percent(value: float | None, digits: int = 1) -> str:
    """Returns a share as a percentage: 0.125 is `12.5 %`."""
    return "" if value is None or math.isnan(value) else f"{number(100 * value, digits)} %"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """Returns `[low, high]`; empty where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def with_limits(
    value: float, low: float | None, high: float | None, *, unit: str = "", digits: int = 1
) -> str:
    """Returns `12.3 % (95 % interval 10.1 to 14.9)`; the value alone where limits are unknown."""
    told = f"{number(value, digits)} {unit}".strip()
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return told
    return f"{told} (95 % interval {number(low, digits)} to {number(high, digits)})"


def percent_with_limits(share: float, low: float | None, high: float | None) -> str:
    """Returns a share and its limits in percent: `12.3 % (95 % interval 10.1 to 14.9)`."""
    low, high = (None if end is None else 100 * end for end in (low, high))
    return with_limits(100 * share, low, high, unit="%")


def points_with_limits(change: float, low: float, high: float) -> str:
    """Returns a change of a share in points: `−3.1 points (95 % interval −5.2 to −1.0)`."""
    plus = "+" if change > 0 else ""
    return plus + with_limits(100 * change, 100 * low, 100 * high, unit="points")


def p_value(value: float | None) -> str:
    """Returns a p-value to three places, never as zero."""
    if value is None or math.isnan(value):
        return ""
    return "<.001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def p_equals(value: float) -> str:
    """Returns `p = .040` or `p < .001`."""
    text = p_value(value)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def listed(words: Sequence[str], most: int = 5) -> str:
    """Returns `a, b and c`; of a long list the first few and how many more."""
    words = list(words)
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return " and ".join(
        part for part in (", ".join(words[:-1]), words[-1] if words else "") if part
    )


def counted(n: int, noun: str) -> str:
    """Returns `1 trial`, `2,000 trials`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def money(cents: float, currency: str = "USD") -> str:
    """Returns an amount as shoppers read it: `$24.99`, `24.99 EUR`, `2,499 JPY`."""
    digits = minor_digits(currency)
    amount = f"{cents / 10**digits:,.{digits}f}"
    return f"${amount}" if currency == "USD" else f"{amount} {currency}"
