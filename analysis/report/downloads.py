"""Tables as CSV within the page: a link that holds the file, which needs no network and no script.

What people read as `−1,234.5`, `12.5 %` or `[0.1, 0.4]` machines read as `-1234.5`, `12.5` and two
columns. Texts that a spreadsheet would take for a formula begin with an apostrophe there.
"""

import base64
import csv
import math
import re
from collections.abc import Sequence
from io import StringIO

from aces.types import Estimate
from analysis.display import MINUS, Plot, Table
from analysis.estimates import COLUMNS
from analysis.report.matrix import Bars, Matrix

_NUMBER = re.compile(rf"[{MINUS}+-]?(\d[\d,]*(\.\d+)?(e[+-]\d+)?|∞)( %)?")
_INTERVAL = re.compile(r"\[(\S+), (\S+)\]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def link(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a `data:` address of a CSV file (UTF-8)."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([[safe(cell) for cell in row] for row in (head, *rows)])
    packed = base64.b64encode(out.getvalue().encode()).decode()
    return f"data:text/csv;charset=utf-8;base64,{packed}"


def safe(cell: str) -> str:
    """Returns a cell that no spreadsheet computes: numbers plain, formulas quoted."""
    if _NUMBER.fullmatch(cell):
        number = cell.removesuffix(" %").replace(",", "")
        return number.replace(MINUS, "-").replace("∞", "inf")
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def of_table(table: Table) -> str:
    """Returns a table as a file; intervals are columns of their own for each end."""
    split = [
        i
        for i in range(len(table.columns))
        if any(_INTERVAL.fullmatch(row[i]) for row in table.rows)
    ]
    head: list[str] = []
    for i, name in enumerate(table.columns):
        head += [f"{name}, low", f"{name}, high"] if i in split else [name]
    rows = []
    for row in table.rows:
        cells: list[str] = []
        for i, cell in enumerate(row):
            cells += _ends(cell) if i in split else [cell]
        rows.append(cells)
    return link(head, rows)


def _ends(cell: str) -> list[str]:
    found = _INTERVAL.fullmatch(cell)
    return [found[1], found[2]] if found else [cell, ""]


def of_matrix(shown: Matrix) -> str:
    """Returns the numbers of a figure as a file: a row for each estimate."""
    head = [shown.corner or "of", "whose", shown.unit, "low", "high", "planted"]
    rows = [
        [f"{line.label} {line.note}".strip(), name, cell.value, *_limits(cell.limits), cell.truth]
        for line in shown.lines
        for name, cell in zip(shown.columns, line.cells, strict=True)
        if cell is not None
    ]
    return link(head, rows)


def _limits(text: str) -> tuple[str, str]:
    low, _, high = text.partition(" to ")
    return low, high


def of_bars(shown: Bars) -> str:
    """Returns shares as a file, as fractions in full."""
    rows = [
        [label, name, _full(bar.share), _full(bar.low), _full(bar.high)]
        for label, bars in shown.rows.items()
        for name, bar in bars.items()
    ]
    return link([shown.corner or "of", "whose", "share", "low", "high"], rows)


def of_plot(shown: Plot) -> str:
    """Returns the estimates of a plot as a file, in full."""
    rows = [
        [name, str(point.at), _full(point.value), _full(point.low), _full(point.high)]
        for name, points in shown.series.items()
        for point in points
    ]
    return link(["series", shown.along or "at", shown.value, "low", "high"], rows)


def _full(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def of_estimates(rows: Sequence[Estimate]) -> str:
    """Returns rows of `estimates.csv` as a file, numbers in full."""
    cells = [[_cell(getattr(row, name)) for name in COLUMNS] for row in rows]
    return link(COLUMNS, cells)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def file_name(title: str) -> str:
    """Returns a name for a table's file: letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] + ".csv"
