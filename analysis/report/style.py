"""How pictures made with matplotlib look: those of the documents; the report draws its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INK = "#1c2330"
MUTED = "#687182"
RULE = "#dfe3ea"

_RC: Any = {
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "sans-serif",
    "font.size": 9.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "aces",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.color": INK,
    "ytick.major.size": 0,
}


@contextmanager
def figure(width: float, height: float) -> Iterator[tuple[Any, Any]]:
    """Yields a figure of so many inches and its axes, without touching matplotlib's own state."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_RC):
        made = Figure(figsize=(width, height), layout="constrained")
        yield made, made.subplots()
