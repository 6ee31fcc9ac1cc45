"""How figures look: the same bytes for the same numbers, and colours that all readers can tell."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from markupsafe import Markup

INK = "#1c2330"
MUTED = "#687182"
RULE = "#dfe3ea"
BLUE = "#0072b2"
ORANGE = "#d55e00"

ARMS = (BLUE, "#e69f00", "#009e73", "#cc79a7", "#56b4e9", ORANGE, "#8a6d3b", "#4d4d4d")
"""Okabe and Ito's colours, which people with any colour vision can tell apart."""

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


def svg(made: Any, label: str) -> Markup:  # noqa: ANN401
    """Returns a figure as inline SVG that scales with the page, read aloud as `label`."""
    from matplotlib import rc_context

    out = StringIO()
    with rc_context(_RC):
        made.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    # what only a file of its own needs, and names that would stand twice in one page
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    head, rest = text.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', head)
    assert box is not None
    start = Markup('<svg {} role="img" aria-label="{}">').format(Markup(box[0]), label)
    return start + Markup(rest.strip())
