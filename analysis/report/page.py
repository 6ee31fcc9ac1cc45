"""Gathers what the report shows, and renders it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from aces.design import Headroom
from aces.store import RunStore
from analysis.analyze import Analysis, analyze, analyze_table, coefficient_table, price_table
from analysis.checks import Check
from analysis.display import Table, counted, listed, number, percent
from analysis.fits import Finding
from analysis.frame import load_choices
from analysis.report import downloads
from analysis.report.buyers import buyers_shown, random_weights
from analysis.report.design import asked, endings, facts, run_shown
from analysis.report.sections import (
    answers,
    effect_sections,
    findings,
    funnels,
    markets_shown,
    position_maps,
    price_charts,
    worth_figures,
    worths,
)
from analysis.report.trials import FAILED_SHOWN, TrialShown, examples

EXAMPLES = 3
VIEWER = "trials.html"
CARRIED = 300_000
"""Characters of `estimates.csv` that a report carries along at most."""


def write_report(
    paths: Sequence[str | Path], out: str | Path, comparisons: Sequence[Finding] = ()
) -> Path:
    """Writes one self-contained HTML report of runs or long tables and returns its path.

    Args:
        paths: The runs and tables.
        out: The file.
        comparisons: What comparing them found; it stands with the findings of the last.

    Raises:
        StoreError: If a path is neither.
    """
    out = Path(out)
    with ExitStack() as stack:
        found = [_analysis(Path(path), stack) for path in paths]
        if comparisons:
            notes = (*found[-1].notes, *(note for one in comparisons for note in one.notes))
            both = (*comparisons, *found[-1].findings)
            found[-1] = replace(found[-1], findings=both, notes=notes)
        viewers = list(_viewers([Path(path) for path in paths], out))
        html = render("report.html.jinja", **_context(found), viewers=viewers)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8")
    return out


def _analysis(path: Path, stack: ExitStack) -> Analysis:
    """The analysis of a path; its store stays open for screenshots until the stack is closed."""
    if path.is_dir():
        return analyze(stack.enter_context(RunStore.open(path)))
    return analyze_table(load_choices(path), name=path.stem)


def _viewers(paths: Sequence[Path], out: Path) -> Iterator[tuple[str, str]]:
    """Name and address, from the report, of each run's viewer where one was written."""
    for path in paths:
        viewer = path / VIEWER
        if viewer.is_file():
            way = os.path.relpath(viewer.resolve(), out.resolve().parent)
            yield path.resolve().name, quote(Path(way).as_posix())


def render(template: str, **context: Any) -> str:  # noqa: ANN401
    """Returns a page made from a template of this folder; all text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("analysis.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    environment.tests["numeric_cell"] = is_numeric
    environment.filters["tight"] = _tight
    environment.filters["csv_of_table"] = downloads.of_table
    environment.filters["csv_name"] = downloads.file_name
    return environment.get_template(template).render(css=Markup(css), **context)


def _tight(text: str) -> str:
    """A sentence in which no percent sign stands at the begin of a line."""
    return text.replace(" %", "\u00a0%")


def is_numeric(text: str) -> bool:
    """Returns whether a cell is set to the right: a number, share or interval."""
    return not text.strip("+-−0123456789.,%[]<() ∞").strip()


def _context(found: Sequence[Analysis]) -> dict[str, Any]:
    fits = [fit for one in found for fit in one.main_fits()]
    tables = [table for fit in fits for table in (coefficient_table(fit), price_table(fit))]
    information = [table for one in found if (table := rating_information(one))]
    return {
        "title": listed([one.name for one in found]),
        "lead": asked(found),
        "facts": facts(found),
        "verdict": _verdict(found),
        "failed": [(one.name, check) for one in found for check in one.failed_checks()],
        "registrations": [(one.name, one.registration) for one in found if one.registration],
        "withheld": [(one.name, each) for one in found for each in one.withheld],
        "planted": _planted(found),
        "random": listed(random_weights(found)),
        "answers": answers(found),
        "reasons": _reasons(found),
        "findings": findings(found),
        "effects": effect_sections(found),
        "prices": price_charts(found),
        "maps": position_maps(found),
        "worth": worths(found),
        "worth_figures": worth_figures(found),
        "markets": markets_shown(found),
        "funnels": funnels(found),
        "tables": [table for table in (*tables, *information) if table],
        "served": buyers_shown(found),
        "conduct": [(one.name, one.conduct.tables) for one in found if one.conduct.tables],
        "trials": _trials(found),
        "checks": [(one.name, one.checks) for one in found],
        "notes": [(one.name, one.notes) for one in found if one.notes],
        "runs": [run_shown(one) for one in found],
        "estimates": _estimates(found),
    }


@dataclass(frozen=True)
class Verdict:
    """Whether the run is sound, at a glance.

    Attributes:
        kind: `good`, `fail`, or `none` where no gate applies.
        gates: How many hold.
        trials: How many there are, and how they ended.
    """

    kind: str
    gates: str
    trials: str

    @property
    def sign(self) -> str:
        """What stands before it."""
        return {"good": "✓", "fail": "✗", "none": "–"}[self.kind]


def _verdict(found: Sequence[Analysis]) -> Verdict:
    checks = [check for one in found for check in one.checks]
    failed = sum(check.passed is False for check in checks)
    held = sum(check.passed is True for check in checks)
    trials = endings(found)
    if failed:
        return Verdict("fail", f"{counted(failed, 'gate')} of {failed + held} failed", trials)
    if held:
        return Verdict("good", f"All {held} gates that apply hold", trials)
    return Verdict("none", "No gate applies", trials)


def _reasons(found: Sequence[Analysis]) -> list[str]:
    """Why there are no estimates: what holds for several analyses once, with their number."""
    notes = [note for one in found for note in one.notes]
    alike: dict[str, list[str]] = {}
    for note in notes:
        alike.setdefault(note.partition(": no estimates: ")[2] or note, []).append(note)
    return [
        several[0] if len(several) == 1 else f"{len(several)} analyses: {reason}"
        for reason, several in alike.items()
    ]


def _planted(found: Sequence[Analysis]) -> list[str]:
    """Buyers whose truth is known: they are no market."""
    truths: Iterator[Mapping[str, Any]] = (one.study.truths if one.study else {} for one in found)
    known = (name for each in truths for name, truth in each.items() if truth is not None)
    return list(dict.fromkeys(known))


def _estimates(found: Sequence[Analysis]) -> str:
    """All rows of `estimates.csv` as a file within the page; empty where they are too many."""
    rows = [row for one in found for row in one.estimates]
    file = downloads.of_estimates(rows)
    return file if len(file) <= CARRIED else ""


def rating_information(one: Analysis) -> Table | None:
    """Returns how much each product's ratings vary: what they can say about ratings goes with it.

    None where ratings were not drawn in proportion to their headroom.
    """
    drawn = one.study.declarations.values() if one.study else ()
    if not any(isinstance(d, Headroom) and not d.steps for d in drawn):
        return None
    worlds = one.table.drop_duplicates(["world_id", "product_id"])
    by_product = worlds.groupby("product_id", sort=False)["rating"]
    variance, base = by_product.var(ddof=0), worlds.groupby("product_id")["original_rating"].first()
    total = float(variance.sum())
    rows = tuple(
        (str(p), number(base[str(p)], 1), number(v**0.5, 2), percent(v / total if total else 0.0))
        for p, v in variance.sort_values(ascending=False).items()
    )
    heads = ("product", "catalogue rating", "s.d. of ratings shown", "share of information")
    note = "The pooled rating coefficient weighs products by these shares."
    return Table(f"What ratings can say, by product · {one.name}", heads, rows, note)


def _trials(found: Sequence[Analysis]) -> list[TrialShown]:
    """A few trials, those with screenshots first, and some that failed."""
    shown = [trial for one in found for trial in examples(one, EXAMPLES)]
    ended = [trial for trial in shown if not trial.failed]
    return ended[:EXAMPLES] + [trial for trial in shown if trial.failed][:FAILED_SHOWN]


__all__ = ["Check", "render", "write_report"]
