"""Estimates in the layout of a paper: terms down, models across, errors beneath, stars.

The order is that of the ACES paper: position, price, rating, reviews, tags; then all others.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aces.types import Estimate
from analysis.analyze import Analysis
from analysis.display import Table, number
from analysis.fits import GROUP, SLOTS, Fit, arm_names

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_GROUPS = (
    ("Position", r"(row|col|pos)_\d+"),
    ("Price", r"(log_)?price(_.*)?|cheaper"),
    ("Rating", r"rating|higher_rated"),
    ("Reviews", r"(log_)?review_count"),
    ("Tags", r"sponsored|overall_pick|scarcity|best_seller|limited_time|discounted|nudged"),
)
OTHERS = "Others"
_LABELS = {
    "log_price": "ln price",
    "log_review_count": "ln (1 + reviews)",
    "overall_pick": "Overall pick",
    "higher_rated": "Better rated",
}
_PLACES = {"row": "Row", "col": "Column", "pos": "Slot"}
_DERIVED = ("_trial", "_two_way", "_difference", "_lowest", "_highest", "_chance")
"""Ends of estimators that say something of another one."""
_TEX = {
    **{character: rf"\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "·": r"$\cdot$",
    "−": "$-$",
    "×": r"$\times$",
    "<": "$<$",
    ">": "$>$",
}


@dataclass(frozen=True)
class PaperTable:
    """One analysis of several models.

    Attributes:
        analysis: Its name.
        models: Heads of the columns.
        rows: Term -> one estimate for each model, None where it has none; in order of the layout.
        feet: Name -> one text for each model.
        note: What the numbers are and rest on.
    """

    analysis: str
    models: tuple[str, ...]
    rows: Mapping[str, tuple[Estimate | None, ...]]
    feet: Mapping[str, tuple[str, ...]]
    note: str

    @property
    def table(self) -> Table:
        """The table for the console: each estimate with its stars, its error beneath."""
        lines: list[tuple[str, ...]] = []
        for group, terms in self.groups():
            lines.append((group, *("" for _ in self.models)))
            for term in terms:
                cells = self.rows[term]
                lines.append((f"  {label(term)}", *(_value(cell) for cell in cells)))
                lines.append(("", *(_error(cell) for cell in cells)))
        lines += [(name, *texts) for name, texts in self.feet.items()]
        return Table(self.analysis, ("", *self.models), tuple(lines), self.note)

    def groups(self) -> Iterator[tuple[str, list[str]]]:
        """Yields groups of terms in order."""
        found: dict[str, list[str]] = {name: [] for name in (*dict(_GROUPS), OTHERS)}
        for term in self.rows:
            found[group_of(term)].append(term)
        yield from ((name, terms) for name, terms in found.items() if terms)

    def latex(self) -> str:
        """Returns the table as LaTeX, for the package booktabs."""
        heads = " & ".join(["", *map(_escaped, self.models)])
        lines = [
            r"\begin{table}",
            rf"\caption{{{_escaped(self.analysis)}}}",
            rf"\begin{{tabular}}{{l{'c' * len(self.models)}}}",
            r"\toprule",
            rf"{heads} \\",
            r"\midrule",
            *self._latex_rows(),
            r"\bottomrule",
            r"\end{tabular}",
            rf"\par\smallskip\footnotesize {_escaped(self.note)}",
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def _latex_rows(self) -> Iterator[str]:
        for group, terms in self.groups():
            yield rf"\emph{{{_escaped(group)}}} {'& ' * len(self.models)}\\"
            for term in terms:
                cells = self.rows[term]
                values = " & ".join(_tex_value(cell) for cell in cells)
                yield rf"\quad {_escaped(label(term))} & {values} \\"
                yield f"{' & '.join(['', *(_escaped(_error(cell)) for cell in cells)])} \\\\"
        yield r"\midrule"
        for name, texts in self.feet.items():
            yield rf"{' & '.join(map(_escaped, [name, *texts]))} \\"

    def csv_rows(self) -> Iterator[tuple[str, ...]]:
        """Yields rows of CSV: analysis, group, term, model, estimate, std_error, stars."""
        for group, terms in self.groups():
            for term in terms:
                for model, cell in zip(self.models, self.rows[term], strict=True):
                    if cell is not None:
                        error = "" if cell.std_error is None else repr(cell.std_error)
                        numbers = (repr(cell.estimate), error, stars(cell.p_value))
                        yield (self.analysis, group, term, model, *numbers)


def group_of(term: str) -> str:
    """Returns the group of a term: that of its column; of several, `Others`."""
    return next((name for name, form in _GROUPS if re.fullmatch(form, term)), OTHERS)


def label(term: str) -> str:
    """Returns how a paper calls a term: `Row 1`, `ln price`; formula terms as they are."""
    place = re.fullmatch(r"(row|col|pos)_(\d+)", term)
    if place:
        return f"{_PLACES[place[1]]} {place[2]}"
    return _LABELS.get(term, term.capitalize() if re.fullmatch(r"[a-z]+", term) else term)


def stars(p: float | None) -> str:
    """Returns `***` below .001, `**` below .01, `*` below .05."""
    return "" if p is None else next((mark for level, mark in STARS if p < level), "")


def paper_tables(found: Sequence[Analysis]) -> list[PaperTable]:
    """Returns a table for every analysis of runs and tables, their models side by side."""
    rows: dict[str, dict[tuple[int, tuple[str, ...]], list[Estimate]]] = {}
    for index, one in enumerate(found):
        for row in one.estimates:
            if _shown(row):
                key = (index, tuple(getattr(row, name) for name in GROUP))
                rows.setdefault(row.analysis, {}).setdefault(key, []).append(row)
    names = _column_names(found)
    return [_table(name, models, names, found) for name, models in rows.items()]


def _shown(row: Estimate) -> bool:
    """Whether a row is of the whole analysis, and has an error of its own."""
    derived = row.estimator.endswith(_DERIVED) or row.estimator.endswith("_price_change")
    whole = not row.task_id and not row.product_id and row.analysis != SLOTS
    return whole and row.std_error is not None and row.estimate is not None and not derived


def _column_names(found: Sequence[Analysis]) -> dict[tuple[int, tuple[str, ...]], str]:
    """Heads of columns: the buyer, with its run where several have one of that name."""
    names = {
        (index, group): name
        for index, one in enumerate(found)
        for group, name in arm_names(one.table).items()
    }
    every = list(names.values())
    return {
        key: f"{name} ({found[key[0]].name})" if every.count(name) > 1 else name
        for key, name in names.items()
    }


def _table(
    analysis: str,
    models: Mapping[tuple[int, tuple[str, ...]], Sequence[Estimate]],
    names: Mapping[tuple[int, tuple[str, ...]], str],
    found: Sequence[Analysis],
) -> PaperTable:
    kind = next(iter(models.values()))[0].estimator
    columns = {
        key: {r.term: r for r in rows if r.estimator == kind} for key, rows in models.items()
    }
    terms = dict.fromkeys(term for column in columns.values() for term in column)
    ordered = sorted(terms, key=_place)
    firsts = [next(iter(column.values()), None) for column in columns.values()]
    feet = {
        "Trials": tuple(f"{r.n_trials:,}" if r else "" for r in firsts),
        "Clusters": tuple(f"{r.n_clusters:,}" if r and r.n_clusters else "" for r in firsts),
    }
    fits = [_fit(found[index], analysis, group) for index, group in columns]
    if any(fits):
        feet["Log-likelihood"] = tuple(number(f.result.llf, 1) if f else "" for f in fits)
        feet["McFadden's R2"] = tuple(number(f.result.prsquared, 3) if f else "" for f in fits)
    withheld = {one.sentence for each in found for one in each.withheld}
    estimands = dict.fromkeys(r.estimand for r in firsts if r)
    return PaperTable(
        analysis=analysis,
        models=tuple(names.get(key, " · ".join(filter(None, key[1]))) for key in columns),
        rows={t: tuple(column.get(t) for column in columns.values()) for t in ordered},
        feet=feet,
        note=_note(kind, list(estimands), next(filter(None, fits), None), sorted(withheld)),
    )


def _place(term: str) -> tuple[int, list[str | int]]:
    groups = [name for name, _ in _GROUPS] + [OTHERS]
    kind, _, digits = term.rpartition("_")
    # rows before columns, and the second before the tenth
    own = [-1 if kind == "row" else 0, int(digits)] if digits.isdigit() else [0, 0]
    return groups.index(group_of(term)), [*own]


def _fit(one: Analysis, analysis: str, group: tuple[str, ...]) -> Fit | None:
    for fit in one.main_fits():
        if fit.analysis == analysis and tuple(fit.group[name] for name in GROUP) == group:
            return fit
    return None


def _note(kind: str, estimands: Sequence[str], fit: Fit | None, withheld: Sequence[str]) -> str:
    what = kind.replace("_", " ").capitalize() if fit is None else f"Log-odds{_made(fit)}"
    parts = [
        f"{what}: {'; or '.join(estimands)}.",
        "Standard errors in parentheses. * p < .05, ** p < .01, *** p < .001, each test by itself; "
        "adjusted p-values are in estimates.csv.",
        *withheld,
    ]
    return " ".join(parts)


def _made(fit: Fit) -> str:
    """Which effects a conditional logit has, and by what its errors are clustered."""
    made = fit.result.provenance
    effects = f" with effects of {made.effects.column}" if made.effects else ""
    return f"{effects}, clustered by {made.cluster}" if made.cluster else effects


def _value(cell: Estimate | None) -> str:
    return "" if cell is None else f"{number(cell.estimate)}{stars(cell.p_value)}"


def _error(cell: Estimate | None) -> str:
    return "" if cell is None or cell.std_error is None else f"({number(cell.std_error)})"


def _tex_value(cell: Estimate | None) -> str:
    if cell is None:
        return ""
    mark = stars(cell.p_value)
    return _escaped(number(cell.estimate)) + (rf"\textsuperscript{{{mark}}}" if mark else "")


def _escaped(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)


def write_paper(tables: Sequence[PaperTable], folder: str | Path) -> list[Path]:
    """Writes `paper.txt`, `paper.csv` and `paper.tex` and returns their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    plain, sheet, tex = (folder / f"paper.{ending}" for ending in ("txt", "csv", "tex"))
    plain.write_text("\n".join(as_text(each.table) for each in tables), encoding="utf-8")
    tex.write_text("\n".join(each.latex() for each in tables), encoding="utf-8")
    with sheet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        heads = ("analysis", "group", "term", "model", "estimate", "std_error", "stars")
        writer.writerows([heads, *(row for each in tables for row in each.csv_rows())])
    return [plain, sheet, tex]


def as_text(table: Table) -> str:
    """Returns a table as plain text, columns aligned."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[k]) for row in rows) for k in range(len(table.columns))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    rule = "-" * len(lines[0])
    body = [line.rstrip() for line in lines]
    return "\n".join([table.title, rule, body[0], rule, *body[1:], rule, table.note, ""])
