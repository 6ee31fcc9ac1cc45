"""Gathers what the report shows, and renders it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from aces.design import Headroom
from aces.spec import Plugin
from aces.store import RunStore
from aces.types import Estimate
from analysis.analyze import (
    Analysis,
    analyze,
    analyze_table,
    coefficient_table,
    price_table,
    status_table,
)
from analysis.checks import Check
from analysis.display import Plot, Table, counted, listed, number, percent
from analysis.fits import GROUP, SLOTS, Fit, arm_names
from analysis.frame import load_choices
from analysis.published import with_published
from analysis.report import figures
from analysis.report.buyers import buyers_shown, random_weights
from analysis.report.heat import HeatMap, heat_map
from analysis.report.trials import FAILED_SHOWN, TrialShown, examples
from analysis.report.words import buyer_sentence, design_sentences, worth_in_price

EXAMPLES = 3


def write_report(paths: Sequence[str | Path], out: str | Path) -> Path:
    """Writes one self-contained HTML report of runs or long tables and returns its path.

    Raises:
        StoreError: If a path is neither.
    """
    out = Path(out)
    with ExitStack() as stack:
        found = [_analysis(Path(path), stack) for path in paths]
        html = render("report.html.jinja", **_context(found))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8")
    return out


def _analysis(path: Path, stack: ExitStack) -> Analysis:
    """The analysis of a path; its store stays open for screenshots until the stack is closed."""
    if path.is_dir():
        return analyze(stack.enter_context(RunStore.open(path)))
    return analyze_table(load_choices(path), name=path.stem)


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
    return environment.get_template(template).render(css=Markup(css), **context)


def is_numeric(text: str) -> bool:
    """Returns whether a cell is set to the right: a number, share or interval."""
    return not text.strip("+-−0123456789.,%[]<() ∞").strip()


def _context(found: Sequence[Analysis]) -> dict[str, Any]:
    fits = [fit for one in found for fit in one.main_fits()]
    return {
        "title": listed([one.name for one in found]),
        "lead": _lead(found),
        "facts": _facts(found),
        "verdict": _verdict(found),
        "failed": [(one.name, check) for one in found for check in one.failed_checks()],
        "registrations": [(one.name, one.registration) for one in found if one.registration],
        "withheld": [(one.name, each) for one in found for each in one.withheld],
        "planted": listed(_planted(found)),
        "random": listed(random_weights(found)),
        "served": buyers_shown(found),
        "conduct": [(one.name, one.conduct.tables) for one in found if one.conduct.tables],
        "runs": [_run(one) for one in found],
        "findings": list(_findings(found)),
        "panels": list(_panels(fits)),
        "maps": list(_maps(found)),
        "worth": [worth_in_price(fit, *_grid(one)) for one, fit in _pairs(found)],
        "tables": [table for fit in fits for table in (coefficient_table(fit), price_table(fit))],
        "markets": list(_markets(found)),
        "information": [table for one in found if (table := rating_information(one))],
        "checks": [(one.name, one.checks) for one in found],
        "notes": [(one.name, one.notes) for one in found if one.notes],
        "trials": _trials(found),
    }


def _verdict(found: Sequence[Analysis]) -> str:
    """The gates, in a sentence."""
    checks = [check for one in found for check in one.checks]
    failed = sum(check.passed is False for check in checks)
    held = sum(check.passed is True for check in checks)
    if failed:
        return f"{counted(failed, 'gate')} of {failed + held} failed"
    return f"All {held} gates that apply hold"


def _pairs(found: Sequence[Analysis]) -> Iterator[tuple[Analysis, Fit]]:
    """Analyses with those of their fits that have a price term."""
    return ((one, fit) for one in found for fit in one.main_fits() if fit.price is not None)


def _lead(found: Sequence[Analysis]) -> str:
    """What was run, in a sentence."""
    tables = [one.table for one in found]
    buyers = list(dict.fromkeys(b for table in tables for b in table["buyer"].unique()))
    faces = list(dict.fromkeys(i for table in tables for i in table["interface"].unique()))
    tasks = list(dict.fromkeys(t for table in tables for t in table["task_id"].unique()))
    errands = listed([task.replace("_", " ") for task in tasks], most=8)
    return (
        f"{counted(len(buyers), 'buyer')} ({listed(buyers)}) shopped for {errands} "
        f"through {listed(faces)}."
    )


def _facts(found: Sequence[Analysis]) -> list[tuple[str, str]]:
    """Numbers at a glance."""
    tables = [one.table for one in found]
    firsts = [table.drop_duplicates("trial_id") for table in tables]
    worlds = {world for first in firsts for world in first["world_id"]}
    missing = sum(int(first["status"].isin(["failed", "truncated"]).sum()) for first in firsts)
    return [
        ("trials", f"{sum(map(len, firsts)):,}"),
        ("purchases", f"{sum(int(table['chosen'].sum()) for table in tables):,}"),
        ("without outcome", f"{missing:,}"),
        ("worlds", f"{len(worlds):,}"),
        ("alternatives on a shelf", number(sum(map(len, tables)) / sum(map(len, firsts)), 0)),
    ]


def _planted(found: Sequence[Analysis]) -> list[str]:
    """Buyers whose truth is known: they are no market."""
    truths = (one.study.truths if one.study else {} for one in found)
    known = (name for each in truths for name, truth in each.items() if truth is not None)
    return list(dict.fromkeys(known))


@dataclass(frozen=True)
class Run:
    """What was run, for the design section."""

    name: str
    design: tuple[tuple[str, str], ...]
    treatments: Mapping[str, str]
    buyers: tuple[tuple[str, str], ...]
    status: Table
    made_with: tuple[tuple[str, str], ...]
    spec: str


def _run(one: Analysis) -> Run:
    study = one.study
    if study is None:
        return Run(one.name, (("source", "a long table"),), {}, (), status_table(one.table), (), "")
    spec, shelf = study.spec, study.spec.shelf
    sampled = "drawn anew for every world" if shelf.sample else "the same in all worlds"
    sampled = "as given, not drawn" if spec.design.use == "given" else sampled
    design = (
        ("catalogue", f"{study.catalog.get('name', spec.catalog)}, {_drawn_fields(one)}"),
        ("tasks", listed([task.id for task in spec.tasks], most=12)),
        ("shelf", f"{shelf.size} products in {shelf.columns} columns, {sampled}"),
        ("in view at first", _exposure(one)),
        ("worlds per task", f"{spec.worlds_per_task:,}"),
        ("repeats", f"{spec.repeats}"),
        ("design", f"{spec.design.use}, seed {spec.seed}"),
        ("interfaces", listed([_interface(i) for i in spec.interfaces])),
    )
    return Run(
        name=one.name,
        design=design,
        treatments=design_sentences(study.declarations),
        buyers=tuple((b.name, buyer_sentence(b, study.truths.get(b.name))) for b in spec.buyers),
        status=status_table(one.table),
        made_with=tuple(_made_with(study.store)),
        spec=json.dumps(spec.model_dump(mode="json"), indent=1, ensure_ascii=False),
    )


def _drawn_fields(one: Analysis) -> str:
    fields = one.study.drawn_fields if one.study else {}
    names = list(dict.fromkeys(name for drawn in fields.values() for name in drawn))
    return f"{listed(names)} drawn at random" if names else "every fact as given"


def _exposure(one: Analysis) -> str:
    """How much of the shelf lay in the first viewport: row effects mix with it."""
    exposed = one.table["exposed"]
    if exposed.isna().all():
        return "unknown"
    share = float(exposed.mean())
    return "all alternatives" if share == 1 else f"{percent(share)} of alternatives"


def _interface(plugin: Plugin) -> str:
    return plugin.name if plugin.name == plugin.use else f"{plugin.name} ({plugin.use})"


def _made_with(store: RunStore) -> Iterator[tuple[str, str]]:
    """Versions and machine of the run's sessions; values that differ stand side by side."""
    rows = store.db.execute("SELECT started, ended, facts FROM sessions ORDER BY id").fetchall()
    sessions = [json.loads(facts) for _, _, facts in rows]
    names = ("aces", "python", "browser", "fonts", "executor", "workers")
    for name in names:
        values = dict.fromkeys(_text(facts[name]) for facts in sessions if facts.get(name))
        if values:
            yield name, ", then ".join(values)
    machines = dict.fromkeys(str(f.get("machine", {}).get("system", "")) for f in sessions)
    yield "machine", ", then ".join(filter(None, machines)) or "unknown"
    if rows:
        yield "from", f"{rows[0][0]} to {rows[-1][1] or 'not ended'}"


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _findings(
    found: Sequence[Analysis],
) -> Iterator[tuple[Table, list[tuple[Plot, Markup, Mapping[str, str]]]]]:
    """What analyses of several buyers at once found: tables, and plots with colours by name."""
    for one in found:
        for finding in one.findings:
            yield (
                finding.table,
                [
                    (shown, figures.plot(shown), figures.arm_colours(list(shown.series)))
                    for shown in finding.plots
                    if any(shown.series.values())
                ],
            )


def _panels(fits: Sequence[Fit]) -> Iterator[tuple[Fit, Markup]]:
    """Coefficient plots on one scale."""
    if not fits:
        return
    limits = figures.coefficient_limits(fits)
    for fit in fits:
        yield fit, figures.coefficient_plot(fit, limits)


def _grid(one: Analysis) -> tuple[int, int]:
    return int(one.table["row"].max()), int(one.table["col"].max())


def _maps(found: Sequence[Analysis]) -> Iterator[HeatMap]:
    for one in found:
        for fit in one.fits:
            if fit.analysis == SLOTS:
                yield heat_map(fit, _grid(one)[1])


@dataclass(frozen=True)
class Market:
    """One task's shares, of all runs that have it."""

    task: str
    figure: Markup
    legend: Mapping[str, str]
    concentration: Mapping[str, str]


def _markets(found: Sequence[Analysis]) -> Iterator[Market]:
    titles: dict[str, str] = {}
    rows: list[tuple[str, str, Estimate]] = []
    for one in found:
        titles |= dict(zip(one.table["product_id"], one.table["title"], strict=True))
        names = arm_names(with_published(one.table, one.study))
        rows += [
            (one.name, names[tuple(getattr(row, name) for name in GROUP)], row)
            for row in one.estimates
            if row.analysis == "shares"
        ]
    arms = dict.fromkeys((run, arm) for run, arm, _ in rows)
    twice = len({arm for _, arm in arms}) < len(arms)
    for task in dict.fromkeys(row.task_id for _, _, row in rows):
        shares: dict[str, list[Estimate]] = {}
        concentration: dict[str, str] = {}
        for run, name, row in (each for each in rows if each[2].task_id == task):
            arm = f"{name} ({run})" if twice else name
            if row.estimator == "share":
                shares.setdefault(arm, []).append(row)
            else:
                concentration[arm] = number(row.estimate)
        sizes = [one.study.spec.shelf.size for one in found if one.study]
        even = 1 / (sizes[0] if sizes else max(map(len, shares.values())))
        figure = figures.share_plot(shares, titles, even)
        legend = figures.arm_colours(list(shares))
        yield Market(task.replace("_", " "), figure, legend, concentration)


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
