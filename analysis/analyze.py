"""From a stored run, or any long table, to estimates with what they are of."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from aces.errors import UserError
from aces.rules import Gates, Multiplicity
from aces.spec import Plugin
from aces.store import RunStore
from aces.types import Estimate, Status
from analysis.checks import Check, arms, run_checks
from analysis.checks.position import SlotTaken, slots_taken
from analysis.conduct import Conduct, write_conduct
from analysis.display import Table, counted, interval, listed, number, p_value
from analysis.estimates import (
    coefficients,
    estimates_of,
    price_changes,
    share_estimates,
    write_estimates,
)
from analysis.exclusions import without_excluded
from analysis.families import adjusted, unknown_terms, with_adjusted
from analysis.fits import SLOTS, Finding, Fit, analyses_of, compare_all, fit_all
from analysis.frame import choices, load_choices, trials_of
from analysis.published import with_published
from analysis.registered import ALL_WORLDS, Registration
from analysis.served import has_random_weights
from analysis.study import Study
from analysis.tables import NOTES, nearly
from analysis.withheld import Withheld, of_coefficients, with_gates, withheld, without_locked

NEEDED = ("trial_id", "buyer", "interface", "product_id", "status", "cause", "chosen")
"""Columns without which a table is no long table."""


@dataclass(frozen=True)
class Analysis:
    """All that was found in one run or table.

    Attributes:
        name: The run's or table's name.
        table: The long table.
        study: The run; None for a table without one.
        fits: One per analysis, buyer and interface.
        estimates: Rows of `estimates.csv`.
        checks: The gates.
        notes: What must be said beside the estimates; impossible fits among them.
        path: Where the estimates were written.
        findings: What analyses of several buyers at once found: pass rates, arm shares, bridges.
        conduct: What served models did beside choosing.
        beside: Other files written beside the estimates.
        registration: How the run stands to its pre-registration; None without one.
        withheld: What is not estimated, as the buyer is locked to a slot.
    """

    name: str
    table: pd.DataFrame
    study: Study | None
    fits: tuple[Fit, ...]
    estimates: tuple[Estimate, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    path: Path | None = None
    findings: tuple[Finding, ...] = ()
    conduct: Conduct = field(default_factory=Conduct)
    beside: tuple[Path, ...] = ()
    registration: Registration | None = None
    withheld: tuple[Withheld, ...] = ()

    def main_fits(self) -> list[Fit]:
        """Returns the fits of the analyses asked for, without that of the heat map."""
        return [fit for fit in self.fits if fit.analysis != SLOTS]

    def tables(self) -> list[Table]:
        """Returns what the console shows: counts, then each fit's coefficients and prices."""
        return [
            status_table(self.table),
            *map(coefficient_table, self.main_fits()),
            *(table for fit in self.main_fits() if (table := price_table(fit)) is not None),
            *(found.table for found in self.findings),
            *self.conduct.tables,
        ]

    def failed_checks(self) -> list[Check]:
        """Returns the gates that do not hold."""
        return [check for check in self.checks if check.passed is False]

    def write_estimates(self, path: str | Path) -> Path:
        """Writes `estimates.csv` and returns its path."""
        return write_estimates(self.estimates, path)


def analyze(store: RunStore, *, analyses: Sequence[Plugin] = ()) -> Analysis:
    """Returns all estimates and checks of a run.

    Args:
        store: The run.
        analyses: Instead of those of the experiment.
    """
    study = Study.of(store)
    return _analyze(study.name, choices(store), study, analyses)


def analyze_table(
    table: pd.DataFrame, *, name: str = "table", analyses: Sequence[Plugin] = ()
) -> Analysis:
    """Returns what can be said from a long table alone: no planted truth, no draws made again.

    Raises:
        UserError: If it is no long table.
    """
    absent = [column for column in NEEDED if column not in table]
    if absent:
        raise UserError(
            f"{name} is neither a long table nor results of a known format: it has no "
            f"{listed(absent)}.{nearly(set(map(str, table)))} Any table of choices is fitted by "
            "`aces analyze FILE --formula 'chosen ~ price' --choice-set COLUMN`"
        )
    return _analyze(name, table, None, analyses)


def _analyze(
    name: str, table: pd.DataFrame, study: Study | None, analyses: Sequence[Plugin]
) -> Analysis:
    asked = list(analyses) or analyses_of(table, study)
    registration = Registration.of(study, asked) if study else None
    said_of_table = list(table.attrs.get(NOTES, []))
    used, notes = without_excluded(table, study.spec.exclude) if study else (table, said_of_table)
    used = with_published(used, study)
    gates = study.spec.gates if study else Gates()
    locked = [one for one in slots_taken(used, gates.position_lock) if one.locked]
    fits, findings, said = _estimate(used, asked, study, registration, locked)
    held_back = withheld(used, asked, locked, study)
    checks = run_checks(table, study)
    rules = study.spec.multiplicity if study else Multiplicity()
    rows = _stamped((row for one in held_back for row in one.estimates), registration)
    rows += [row for fit in fits for row in estimates_of(fit)] + list(share_estimates(used))
    rows += _stamped((row for found in findings for row in found.estimates()), registration)
    rows = with_gates(adjusted(rows, rules), checks)
    notes += [*_off_shelf(table), *unknown_terms(rows, rules), *said]
    return Analysis(
        name=name,
        table=table,
        study=study,
        fits=tuple(with_adjusted(fits, rows)),
        estimates=tuple(rows),
        checks=checks,
        notes=(*_stopping(study), *_allotted(study), *_random_weights(study), *notes),
        findings=tuple(findings),
        conduct=Conduct.of(study, table) if study else Conduct(),
        registration=registration,
        withheld=tuple(held_back),
    )


def _estimate(
    table: pd.DataFrame,
    asked: Sequence[Plugin],
    study: Study | None,
    registration: Registration | None,
    locked: Sequence[SlotTaken],
) -> tuple[list[Fit], list[Finding], list[str]]:
    """Fits and findings with their evidence: of the registered worlds, then of all there are."""
    free = without_locked(table, locked)
    if registration is None:
        fits, notes = fit_all(free, asked, study)
        findings, said = _compared(table, free, asked, study)
        return fits, findings, [*notes, *said]
    promised = registration.registered_worlds
    fits, notes = fit_all(promised(free), asked, study)
    findings, said = _compared(promised(table), promised(free), asked, study)
    notes += said
    if registration.extended:
        again = [
            each.model_copy(update={"name": each.name + ALL_WORLDS})
            for each in asked
            if each.name != SLOTS
        ]
        more, said = fit_all(free, again, study)
        fits, notes = fits + more, notes + said
    stamped = [replace(fit, evidence=registration.evidence(fit.analysis)) for fit in fits]
    return stamped, findings, notes


def _compared(
    table: pd.DataFrame, free: pd.DataFrame, asked: Sequence[Plugin], study: Study | None
) -> tuple[list[Finding], list[str]]:
    """Findings of several buyers; those of coefficients without buyers locked to a slot."""
    found, notes = compare_all(table, [p for p in asked if not of_coefficients(p)], study)
    more, said = compare_all(free, [p for p in asked if of_coefficients(p)], study)
    return found + more, notes + said


def _stamped(rows: Iterable[Estimate], registration: Registration | None) -> list[Estimate]:
    if registration is None:
        return list(rows)
    return [
        row.model_copy(update={"evidence": registration.evidence(row.analysis)}) for row in rows
    ]


def _allotted(study: Study | None) -> list[str]:
    """Says of arms whose shares followed outcomes what estimates of them are worth."""
    declared = study.declarations.values() if study else ()
    return [
        f"shares of the arms of {each.treatment} followed outcomes: of its arms trust `aipw` "
        "alone; all other estimates take them as if they had been shared out in advance"
        for each in declared
        if each.kind == "allocation"
    ]


def _random_weights(study: Study | None) -> list[str]:
    """Says of buyers whose model has learned nothing that their choices mean nothing."""
    return [
        f"{name}: {buyer.model} has random weights; its choices prove the plumbing, nothing else"
        for name, buyer in (study.served if study else {}).items()
        if has_random_weights(buyer.model)
    ]


def _stopping(study: Study | None) -> list[str]:
    """Says where rules ended the run, and which interval holds there."""
    if study is None or not study.spec.stop:
        return []
    said = [str(one) for one in study.stopped]
    if any(rule.use == "always_valid" for rule in study.spec.stop) and said:
        said.append(
            "the always-valid intervals above hold at a point chosen by looking at the data; the "
            "95 % intervals of the tables hold at a fixed number of trials"
        )
    rules = "; ".join(map(str, study.spec.stop))
    return said or [f"no buyer was stopped by rule so far ({rules})"]


def _off_shelf(table: pd.DataFrame) -> list[str]:
    """Says how often an open shop sold what the shelf does not hold: these trials have no row."""
    if "bought_off_shelf" not in table:
        return []
    bought = table.drop_duplicates("trial_id")["bought_off_shelf"]
    away = int((bought != "").sum())
    if not away:
        return []
    return [
        f"{away:,} of {len(bought):,} trials bought something that their shelf did not hold "
        "(`bought_off_shelf`): estimates are given a purchase from the shelf"
    ]


def analyze_paths(
    paths: Sequence[str | Path],
    out: str | Path | None = None,
    analyses: Sequence[Plugin] = (),
) -> list[Analysis]:
    """Analyses run folders or long tables and writes their estimates.

    Args:
        paths: Each is analysed by itself.
        out: Folder for one `estimates.csv` of all; not given, each run folder gets its own.
        analyses: Instead of those of the experiments.

    Raises:
        UserError: If a table is given without `out`.
    """
    several = [Path(path) for path in paths]
    tables = [path for path in several if path.is_file()]
    if tables and out is None:
        raise UserError(
            f"{tables[0]} is no run folder: say where estimates go, `--out DIR`, or which columns "
            "hold what, `--formula 'chosen ~ price' --choice-set COLUMN`"
        )
    found = [_analyze_path(path, analyses) for path in several]
    if out is None:
        return [_written([one], path)[0] for one, path in zip(found, several, strict=True)]
    return _written(found, Path(out))


def _written(found: Sequence[Analysis], folder: Path) -> list[Analysis]:
    """The analyses with the files of all of them in a folder."""
    rows = [row for one in found for row in one.estimates]
    path = write_estimates(rows, folder / "estimates.csv")
    beside = tuple(write_conduct([one.conduct for one in found], folder))
    return [replace(one, path=path, beside=beside) for one in found]


def _analyze_path(path: Path, analyses: Sequence[Plugin]) -> Analysis:
    if path.is_dir():
        with RunStore.open(path) as store:
            found = analyze(store, analyses=analyses)
            if found.registration:
                found.registration.log(store)
            return found
    return analyze_table(load_choices(path), name=path.stem, analyses=analyses)


def status_table(table: pd.DataFrame) -> Table:
    """Returns how trials ended, by buyer and interface."""
    rows = []
    for arm, group in arms(trials_of(table)):
        found = Counter(map(str, group["status"]))
        counts = [f"{found.get(status.value, 0):,}" for status in Status]
        rows.append((arm, f"{len(group):,}", *counts))
    heads = ("buyer · interface", "trials", *(status.value for status in Status))
    return Table("How trials ended", heads, tuple(rows))


def coefficient_table(fit: Fit) -> Table:
    """Returns a fit's coefficients; beside planted values where they are known."""
    rows = [_coefficient_row(fit, row) for row in coefficients(fit)]
    numbers = ("estimate", "s.e.", "95 % interval")
    heads = ("term", "planted", *numbers, "covers") if fit.truth else ("term", *numbers, "p")
    if fit.adjusted and not fit.truth:
        heads = (*heads, "p, adjusted")
    result = fit.result
    clusters = f", {counted(result.n_clusters, 'world')}" if result.n_clusters else ""
    note = f"{fit.estimand}. {counted(result.nobs, 'trial')}{clusters}.{_hits(fit)}"
    if fit.evidence == "confirmatory":
        note += " Confirmatory: as registered before the run."
    return Table(f"{fit.analysis} · {fit.arm}", heads, tuple(rows), note)


def _hits(fit: Fit) -> str:
    """How many intervals hold what was planted, so that a miss is not taken for a fault."""
    hits = [found for row in coefficients(fit) if (found := covers(row)) is not None]
    if not hits:
        return ""
    return f" {sum(hits)} of {len(hits)} intervals hold the planted value; 19 of 20 should."


def covers(row: Estimate) -> bool | None:
    """Returns whether the interval holds the truth; None where either is unknown."""
    if row.truth is None or row.ci_low is None or row.ci_high is None:
        return None
    return row.ci_low <= row.truth <= row.ci_high


def _coefficient_row(fit: Fit, row: Estimate) -> tuple[str, ...]:
    cells = (number(row.estimate), number(row.std_error), interval(row.ci_low, row.ci_high))
    if not fit.truth:
        own = (p_value(fit.adjusted.get(row.term)),) if fit.adjusted else ()
        return (row.term, *cells, p_value(row.p_value), *own)
    return (row.term, number(row.truth, 2), *cells, {True: "✓", False: "✗", None: ""}[covers(row)])


def price_table(fit: Fit) -> Table | None:
    """Returns what each term is worth in price; None where price may have no effect at all."""
    changes = [row for row in price_changes(fit) if row.ci_low is not None]
    if fit.price is None or not any(map(bounded, changes)):
        return None
    factor, unit = (100, ", %") if fit.price[1] == "log" else (1, "")
    rows: dict[str, list[str]] = {}
    for row in changes:
        cells = [number(factor * (row.estimate or 0.0), 1), _set(row, factor)]
        rows.setdefault(row.term, [row.term]).extend(cells)
    heads = ("term", f"compensating{unit}", "95 % set", f"equivalent{unit}", "95 % set")
    note = (
        "Compensating: the price change that together with the term leaves a listing as likely to "
        "be bought. Equivalent: the price change that is worth as much as the term. Fieller's sets."
    )
    title = f"Worth in price · {fit.analysis} · {fit.arm}"
    return Table(title, heads, tuple(map(tuple, rows.values())), note)


def bounded(change: Estimate) -> bool:
    """Returns whether the set of a price change is an interval."""
    limits = (change.ci_low, change.ci_high)
    return all(limit is not None and math.isfinite(limit) for limit in limits)


def _set(change: Estimate, factor: int) -> str:
    if not bounded(change):
        return "unbounded"
    return interval(factor * (change.ci_low or 0.0), factor * (change.ci_high or 0.0), 1)
