"""The report's figures, section by section, each with a line that reads it and its numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.analyze import Analysis
from analysis.display import Curve, Plot, Point, Table, counted, percent
from analysis.fits import SLOTS, Finding, Fit
from analysis.report import downloads
from analysis.report.answers import (
    Answer,
    alike_once,
    answer_of_effects,
    answer_of_finding,
    reading,
    strongest,
)
from analysis.report.changes import Effect, effects_of, label_of, plain
from analysis.report.chart import COLOURS, Chart, line_chart
from analysis.report.curve import SpecificationCurve, specification_curve
from analysis.report.heat import HeatMap, heat_map
from analysis.report.markets import Heat, funnel_bars, heat, markets, without_common
from analysis.report.matrix import Matrix, effects_matrix, plot_matrix
from analysis.report.price import PriceResponse, price_range, price_response
from analysis.report.words import Worth, worth_in_price, worth_matrix

DEARER = 1.1
UNBOUNDED = "–: price itself may not matter to that buyer, so that nothing has a worth in price."
FEW = 2
"""Buyers of whom sentences or bars say all; more are shown side by side."""


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        title: What it shows; empty where the section's head says so.
        reading: What it says, in a sentence.
        csv: Its numbers, as a file within the page.
        parts: Tables of estimates side by side; empty for others.
        chart: A line chart; None for others.
        curve: A specification curve; None for others.
        notes: What must be known beside it.
        called: Name of its file where there is no title.
    """

    title: str
    reading: str
    csv: str
    parts: tuple[Matrix, ...] = ()
    chart: Chart | None = None
    curve: SpecificationCurve | None = None
    notes: tuple[str, ...] = ()
    called: str = "figure"

    @property
    def file(self) -> str:
        """Name of the file with its numbers."""
        return downloads.file_name(self.title or self.called)


# -- whose ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whose:
    """A fit with its analysis and a short name that no other fit of the report's analysis has."""

    one: Analysis
    fit: Fit
    name: str


def _by_analysis(found: Sequence[Analysis]) -> dict[str, list[Whose]]:
    """Name of each analysis -> its fits of all runs, named as shortly as can be."""
    own: dict[str, list[tuple[Analysis, Fit]]] = {}
    for one in found:
        for fit in one.main_fits():
            own.setdefault(fit.analysis, []).append((one, fit))
    return {analysis: _named(pairs) for analysis, pairs in own.items()}


def _named(pairs: Sequence[tuple[Analysis, Fit]]) -> list[Whose]:
    """Leaves out the interface where it is the same for all, and names runs where arms repeat."""
    faces = {fit.group.get("interface", "") for _, fit in pairs}
    names = [without_common(fit.arm, faces) for _, fit in pairs]
    if len(set(names)) < len(names):
        names = [f"{name} ({one.name})" for name, (one, _) in zip(names, pairs, strict=True)]
    if len(set(names)) < len(names):
        names = [f"{name} {i}" for i, name in enumerate(names, 1)]
    return [Whose(one, fit, name) for (one, fit), name in zip(pairs, names, strict=True)]


def _last(one: Analysis) -> dict[str, int]:
    """The last row, column and slot, which the others are held against."""
    found = {"row": "row", "col": "col", "pos": "position"}
    return {
        kind: int(one.table[column].max())
        for kind, column in found.items()
        if column in one.table and one.table[column].notna().any()
    }


def _effects(several: Sequence[Whose]) -> dict[str, list[Effect]]:
    return {each.name: effects_of(each.fit, _last(each.one)) for each in several}


# -- answers --------------------------------------------------------------------------------


def answers(found: Sequence[Analysis]) -> list[Answer]:
    """Returns the answers: the findings' own, then what moves purchases, then what figures say."""
    told = [
        answer_of_finding(finding.table.title, _own(one, finding), plots)
        for one in found
        for finding, plots in _plots(one)
    ]
    named = [
        term
        for one in found
        if one.study
        for terms in one.study.spec.multiplicity.families.values()
        for term in terms
    ]
    registered = any(one.registration for one in found)
    logits = []
    for several in _by_analysis(found).values():
        evidence = several[0].fit.evidence if registered else ""
        buyers = len({each.fit.group.get("buyer", "") for each in several})
        logits.append(answer_of_effects(_effects(several), named, evidence, buyers))
    own = [answer for answer in told if answer and not answer.worded]
    return alike_once(own + logits + [answer for answer in told if answer and answer.worded])


# -- figures --------------------------------------------------------------------------------


def effect_sections(found: Sequence[Analysis]) -> list[Figure]:
    """Returns what causes choices, a figure for each analysis, all buyers side by side."""
    shown = []
    grouped = _by_analysis(found)
    for analysis, several in grouped.items():
        matrix = effects_matrix(_effects(several))
        notes = tuple(dict.fromkeys(_estimand(each.fit) for each in several))
        title = analysis if len(grouped) > 1 else ""
        csv, parts = downloads.of_matrix(matrix), tuple(matrix.parts())
        said = strongest(_effects(several))
        shown.append(Figure(title, said, csv, parts, notes=notes, called="effects"))
    return shown


def _estimand(fit: Fit) -> str:
    result = fit.result
    worlds = f", {counted(result.n_clusters, 'world')}" if result.n_clusters else ""
    return f"{fit.estimand}. {counted(result.nobs, 'trial')}{worlds}."


def findings(found: Sequence[Analysis]) -> list[tuple[Table, list[Figure]]]:
    """Returns what analyses of several buyers at once found: tables and figures."""
    return [
        (finding.table, [figure_of(plot) for plot in plots])
        for one in found
        for finding, plots in _plots(one)
    ]


def _plots(one: Analysis) -> Iterator[tuple[Finding, list[Plot]]]:
    """The findings of a run, their figures in the words of readers."""
    faces = _faces(one)
    for finding in one.findings:
        yield finding, [_worded(p, faces) for p in finding.plots if any(p.series.values())]


def _own(one: Analysis, finding: Finding) -> list[str]:
    """A finding's own sentences, without the interface where there is one only."""
    own = getattr(finding, "answer", "")
    faces = _faces(one)
    common = f" · {next(iter(faces))}" if len(faces) == 1 else ""
    said = [own] if isinstance(own, str) else list(own)
    return [text.replace(common, "") for text in said] if common else said


def _faces(one: Analysis) -> set[str]:
    return set(one.table["interface"].unique()) if "interface" in one.table else set()


def _worded(shown: Plot, faces: set[str]) -> Plot:
    """A plot with names as people write them, without the interface where there is one only."""

    def name(text: str) -> str:
        return text.replace(f" · {next(iter(faces))}", "") if len(faces) == 1 else text

    if len({name(each) for each in shown.series}) < len(shown.series):
        return shown
    series = {
        plain(name(each)): [
            point._replace(at=label_of(name(point.at)) if isinstance(point.at, str) else point.at)
            for point in points
        ]
        for each, points in shown.series.items()
    }
    return replace(shown, series=series)


def figure_of(shown: Plot) -> Figure:
    """Returns a plot as a figure, by its kind."""
    said, csv = reading(shown), downloads.of_plot(shown)
    if isinstance(shown, Curve):
        return Figure(shown.title, said, csv, curve=specification_curve(shown))
    if shown.along:
        return Figure(shown.title, said, csv, chart=line_chart(shown))
    return Figure(shown.title, said, csv, tuple(plot_matrix(shown).parts()))


def price_charts(found: Sequence[Analysis]) -> list[Figure]:
    """Returns how shares answer to prices, a chart for each analysis with a price term."""
    shown = []
    grouped = _by_analysis(found)
    for analysis, several in grouped.items():
        curves = {each.name: curve for each in several if (curve := _response(each))}
        names = list(curves)
        for first in range(0, len(names), COLOURS):
            some = {name: curves[name] for name in names[first : first + COLOURS]}
            title = f"Share of an item against its price{f' · {analysis}' * (len(grouped) > 1)}"
            plot = _response_plot(title, some)
            chart = line_chart(plot, dots=False)
            shown.append(Figure(title, plot.reading, downloads.of_plot(plot), chart=chart))
    return shown


def _response(each: Whose) -> PriceResponse | None:
    limits = price_range(each.one.table)
    return price_response(each.fit, limits) if limits else None


def _response_plot(title: str, curves: Mapping[str, PriceResponse]) -> Plot:
    series = {
        name: [
            Point(100 * (factor - 1), 100 * share, 100 * low, 100 * high)
            for factor, share, low, high in zip(
                curve.factors.tolist(),
                curve.shares.tolist(),
                curve.low.tolist(),
                curve.high.tolist(),
                strict=True,
            )
        ]
        for name, curve in curves.items()
    }
    along = "change of its price, %"
    return Plot(title, "share of purchases, %", series, along, reading=_price_reading(curves))


def _price_reading(curves: Mapping[str, PriceResponse]) -> str:
    """What a price rise does, for whom it does most and least."""
    falls = sorted(curves.items(), key=lambda pair: pair[1].at(DEARER) / pair[1].at(1.0))
    told = [falls[0]] if len(falls) == 1 else [falls[0], falls[-1]]
    said = [
        f"from {percent(curve.at(1.0))} to {percent(curve.at(DEARER))} "
        f"({name}; 95 % interval {percent(low)} to {percent(high)})"
        for name, curve in told
        for low, high in [curve.limits(DEARER)]
    ]
    start = "An item 10 % dearer, all else as it was, goes"
    if len(said) == 1:
        return f"{start} {said[0]} of purchases."
    return f"{start} {said[0]} of purchases where price matters most, {said[1]} where least."


def position_maps(found: Sequence[Analysis]) -> list[HeatMap]:
    """Returns a position heat map for each buyer."""
    pairs = [(one, fit) for one in found for fit in one.fits if fit.analysis == SLOTS]
    return [
        heat_map(each.fit, int(each.one.table["col"].max()), each.name) for each in _named(pairs)
    ]


def worths(found: Sequence[Analysis]) -> list[Worth]:
    """Returns what changes of a listing are worth in price, for each fit with a price term."""
    return [
        worth_in_price(each.fit, _last(each.one), each.name)
        for several in _by_analysis(found).values()
        for each in several
        if each.fit.price is not None
    ]


def worth_figures(found: Sequence[Analysis]) -> list[Figure]:
    """Returns the same for several buyers side by side; nothing where sentences do."""
    grouped = _by_analysis(found)
    shown = []
    for analysis, several in grouped.items():
        priced = [each for each in several if each.fit.price is not None]
        matrix = worth_matrix({each.name: (each.fit, _last(each.one)) for each in priced})
        if len(priced) > FEW and matrix is not None:
            title = analysis if len(grouped) > 1 else ""
            csv, parts = downloads.of_matrix(matrix), tuple(matrix.parts())
            shown.append(Figure(title, "", csv, parts, notes=(UNBOUNDED,), called="worth in price"))
    return shown


@dataclass(frozen=True)
class MarketShown:
    """Shares of one task.

    Attributes:
        figure: The shares with their intervals.
        bars: The same without its heading.
        columns: Whose.
        heat: Who buys what; empty where the figure shows it as well.
        concentration: Whose, and HHI.
    """

    figure: Figure
    bars: Figure
    columns: tuple[str, ...]
    heat: Sequence[tuple[tuple[str, ...], list[tuple[str, list[Heat | None]]]]]
    concentration: tuple[tuple[str, str], ...]


def markets_shown(found: Sequence[Analysis]) -> list[MarketShown]:
    """Returns who sells, task by task."""
    shown = []
    for market in markets(found):
        matrix = market.bars.matrix()
        csv, parts = downloads.of_bars(market.bars), tuple(matrix.parts())
        figure = Figure(market.task, market.reading, csv, parts)
        cells = heat(market.bars) if len(matrix.columns) > FEW else []
        hhi = tuple(market.concentration.items())
        bars = Figure("", "", csv, parts, called=market.task)
        shown.append(MarketShown(figure, bars, matrix.columns, cells, hhi))
    return shown


def funnels(found: Sequence[Analysis]) -> list[Figure]:
    """Returns how far shoppers got, for each run in which they open pages."""
    shown = []
    for run, bars in funnel_bars(found):
        matrix = bars.matrix()
        last = bars.rows[list(bars.rows)[-1]]
        name = max(last, key=lambda arm: last[arm].share)
        stages = [f"{percent(row[name].share)} {label}" for label, row in bars.rows.items()]
        said = f"Of all trials of {name}, {', '.join(stages)}."
        title = run if len(found) > 1 else ""
        csv, parts = downloads.of_bars(bars), tuple(matrix.parts())
        shown.append(Figure(title, said, csv, parts, called="funnel"))
    return shown
