"""The analyses of an experiment, each fitted once per buyer and interface."""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import pandas as pd

from aces.errors import EstimationError
from aces.rules import Gates
from aces.spec import Plugin
from aces.stats.covariance import FEW_CLUSTERS, SOME_CLUSTERS
from aces.terms import default_terms, slot_terms
from aces.types import Estimate
from analysis.choice_result import ConditionalLogitResult
from analysis.display import Plot, Table, counted
from analysis.estimators import ESTIMATORS
from analysis.planted import truth_of_fit
from analysis.study import Study
from analysis.tables import ANALYSES

GROUP = ("buyer", "model", "persona", "prompt_hash", "interface")
"""Whose choices: one fit for each combination."""

FACTORS = {"persona": "persona", "prompt_hash": "wording"}
"""Columns in which a buyer may differ from trial to trial, and what their levels are called."""

DRAWN = " drawn"

SLOTS = "slots"
"""Name of the analysis with one term for every slot, for the position heat map."""

MOST_SLOTS = 60

PASS_RATE = "pass_rate"
"""The analysis that goes without saying where there are right answers."""
PUBLISHED = "published"
"""The one that does where others chose from the same shelves."""


@dataclass(frozen=True)
class Fit:
    """One analysis of one buyer and interface.

    Attributes:
        analysis: Name of the analysis.
        group: Whose choices: column -> value.
        result: The estimates.
        estimand: What they are of.
        truth: Coefficient -> planted value; empty where there is none, or not of this estimand.
        evidence: `confirmatory` or `exploratory`.
        arm: Whose choices, in words.
        adjusted: Term -> its p-value adjusted for all tests of its family.
    """

    analysis: str
    group: Mapping[str, str]
    result: ConditionalLogitResult
    estimand: str
    truth: Mapping[str, float] = field(default_factory=dict)
    evidence: str = "exploratory"
    arm: str = "all choices"
    adjusted: Mapping[str, float] = field(default_factory=dict)

    @property
    def price(self) -> tuple[str, str] | None:
        """The price term and its scale, `log` or `linear`; None without one."""
        scales = {"log_price": "log", "price": "linear"}
        return next(((t, scales[t]) for t in scales if t in self.result.terms), None)


class Finding(Protocol):
    """What an analysis of several buyers at once has found."""

    @property
    def table(self) -> Table:
        """The numbers for people."""
        ...

    @property
    def plots(self) -> list[Plot]:
        """What one would rather look at; none where the table says it all."""
        ...

    @property
    def notes(self) -> list[str]:
        """What must be said beside them."""
        ...

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        ...


def groups(table: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """Yields the rows of each buyer, interface, persona and prompt.

    Personas or prompts of which each world got one are a random factor: their trials stay
    together, and the column says `12 wordings drawn` in place of a level.
    """
    keys = [name for name in GROUP if name in table]
    if not keys:
        yield dict.fromkeys(GROUP, ""), table
        return
    told = _pooled(table, keys)
    for values, rows in told.groupby(keys, sort=False):
        found = dict(zip(keys, map(str, values), strict=True))
        yield {name: found.get(name, "") for name in GROUP}, table.loc[rows.index]


def _pooled(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The keys of all rows, with what was drawn for each world replaced by a count of levels."""
    told = table[keys].astype(object).where(table[keys].notna(), "")
    if not {"buyer", "interface", "world_id", "trial_id"} <= set(table):
        return told
    trials = told.assign(world_id=table["world_id"])[~table["trial_id"].duplicated()]
    for name in [name for name in FACTORS if name in keys]:
        for (buyer, interface), met in trials.groupby(["buyer", "interface"], sort=False):
            levels = met[name].nunique()
            if levels > 1 and met.groupby("world_id")[name].nunique().max() == 1:
                rows = (told["buyer"] == buyer) & (told["interface"] == interface)
                told.loc[rows, name] = f"{counted(levels, FACTORS[name])}{DRAWN}"
    return told


def arm_names(table: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """Returns whose choices, in words, by the values of `GROUP`: `qwen · screenshot · frugal`.

    A wording is named where its buyer has several.
    """
    found = [(group, _wording(rows)) for group, rows in groups(table)]
    several = Counter((group["buyer"], group["interface"], group["persona"]) for group, _ in found)
    names = {}
    for group, wording in found:
        whose = (group["buyer"], group["interface"], group["persona"])
        own = list(whose)
        if group["prompt_hash"].endswith(DRAWN):
            own.append(group["prompt_hash"])
        elif several[whose] > 1:
            own.append(wording or group["prompt_hash"][:8])
        names[tuple(group.values())] = " · ".join(filter(None, own)) or "all choices"
    return names


def _wording(rows: pd.DataFrame) -> str:
    return str(rows["prompt"].iloc[0] or "") if "prompt" in rows else ""


def analyses_of(table: pd.DataFrame, study: Study | None) -> list[Plugin]:
    """Returns the analyses that an experiment asks for, and the one of slots."""
    there = ((PASS_RATE, _has_answers(table)), (PUBLISHED, _has_published(table)))
    rates = [Plugin(use=name, name=name) for name, found in there if found]
    if study is None:
        if table.attrs.get(ANALYSES):
            return [Plugin(**each) for each in table.attrs[ANALYSES]]
        terms = _terms_that_vary(table)
        return [*rates, *([_logit("conditional_logit", terms)] if terms else [])]
    terms = study.default_terms
    asked = list(study.spec.analysis) or ([_logit("conditional_logit", terms)] if terms else [])
    uses = {plugin.use for plugin in asked}
    asked += [plugin for plugin in rates if plugin.use not in uses]
    size, wide = study.spec.shelf.size, study.spec.shelf.columns
    if "position" in study.varied and size <= MOST_SLOTS:
        others = [term for term in terms if term not in slot_terms(size, wide)]
        asked.append(_logit(SLOTS, [*(f"pos_{i}" for i in range(1, size)), *others]))
    return asked


def _has_published(table: pd.DataFrame) -> bool:
    return any(name == PUBLISHED or str(name).startswith(f"{PUBLISHED}_") for name in table)


def _has_answers(table: pd.DataFrame) -> bool:
    return "right_answer" in table and bool((table["right_answer"] == 1).any())


def with_terms(plugin: Plugin, table: pd.DataFrame, study: Study | None) -> Plugin:
    """Returns the analysis with what it takes and does not name: default terms, the lock's share.

    Args:
        plugin: As asked for.
        table: The long table.
        study: The run; None for a table without one.
    """
    given, found = plugin.parameters, dict(plugin.parameters)
    if "terms" in given and not given["terms"]:
        found["terms"] = list(_terms_that_vary(table) if study is None else study.default_terms)
    if "position_lock" in given and given["position_lock"] is None:
        found["position_lock"] = (study.spec.gates if study else Gates()).position_lock
    return plugin.model_copy(update={"parameters": found})


def _logit(name: str, terms: Sequence[str]) -> Plugin:
    return Plugin(use="conditional_logit", name=name, parameters={"terms": list(terms)})


def _terms_that_vary(table: pd.DataFrame) -> list[str]:
    """Default terms of a table whose design is not at hand: levels that vary within products."""
    levels = ["position", "price_cents", "rating", "review_count", "sponsored", "overall_pick"]
    levels += ["scarcity", "best_seller", "limited_time", "discounted"]
    present = [level for level in levels if level in table]
    if table.empty or "product_id" not in table or not present:
        return []
    varies = table.groupby("product_id", observed=True)[present].nunique().max() > 1
    size = int(table.groupby("trial_id").size().max())
    wide = int(table["col"].max()) if "col" in table else size
    return default_terms([level for level in present if varies[level]], size, wide)


def fit_all(
    table: pd.DataFrame, asked: Sequence[Plugin], study: Study | None
) -> tuple[list[Fit], list[str]]:
    """Returns all fits, and what must be said beside them: a fit that is impossible is a note."""
    fits: list[Fit] = []
    notes: dict[str, None] = {}
    bought = _purchases(table, study)
    arms = arm_names(bought)
    for plugin in (with_terms(each, table, study) for each in asked if not across(each)):
        for group, rows in groups(bought):
            arm = arms[tuple(group.values())]
            try:
                fit, said = _fit(plugin, group, rows, study)
            except EstimationError as error:
                said = [f"no estimates: {error}"]
            else:
                fits.append(replace(fit, arm=arm))
            # the heat map's fit has the same products and losses as the others
            if plugin.name != SLOTS:
                notes |= dict.fromkeys(f"{plugin.name}, {arm}: {note}" for note in said)
    return fits, list(notes)


def compare_all(
    table: pd.DataFrame, asked: Sequence[Plugin], study: Study | None
) -> tuple[list[Finding], list[str]]:
    """Returns what analyses of several buyers at once found, and what must be said beside it."""
    found: list[Finding] = []
    notes: list[str] = []
    for plugin in (with_terms(each, table, study) for each in asked if across(each)):
        try:
            several, said = _compare(plugin, table, study)
        except EstimationError as error:
            notes.append(f"{plugin.name}: no estimates: {error}")
        else:
            found += several
            notes += said
    return found, notes


def _compare(
    plugin: Plugin, table: pd.DataFrame, study: Study | None
) -> tuple[list[Finding], list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator = ESTIMATORS.build(plugin.use, dict(plugin.parameters))
        if hasattr(estimator, "study"):  # it draws worlds again
            estimator.study = study
        made = estimator.across(table)
        several = list(made) if isinstance(made, (list, tuple)) else [made]
        notes = [note for one in several for note in one.notes]
    warned = dict.fromkeys(str(warning.message) for warning in caught)
    return several, [*notes, *(f"{plugin.name}: {text}" for text in warned)]


def across(plugin: Plugin) -> bool:
    """Returns whether an analysis is of several buyers at once."""
    return hasattr(ESTIMATORS.load(plugin.use), "across")


def _purchases(table: pd.DataFrame, study: Study | None) -> pd.DataFrame:
    """The table without buyers that only answer questions about the shelf."""
    asked = [name for name, buyer in (study.served if study else {}).items() if not buyer.buys]
    return table[~table["buyer"].isin(asked)] if asked else table


def _fit(
    plugin: Plugin, group: Mapping[str, str], rows: pd.DataFrame, study: Study | None
) -> tuple[Fit, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = ESTIMATORS.build(plugin.use, dict(plugin.parameters)).fit(rows)
    notes = [str(warning.message) for warning in caught] + _left_out(result) + _some(result)
    truth = _truth(result, group, rows, study)
    return Fit(plugin.name, group, result, estimand(result, rows, study), truth), notes


def _some(result: ConditionalLogitResult) -> list[str]:
    """What is to be said of a middling number of clusters; of few there is a warning."""
    clusters = result.choice_fit.covariance.n_clusters or SOME_CLUSTERS
    if result.bootstrap is not None or not FEW_CLUSTERS <= clusters < SOME_CLUSTERS:
        return []
    return [
        f"{clusters} clusters: intervals of what does not vary within them (an arm drawn by world) "
        "may hold 92 % where 95 % is said, and joint tests reject 7 % where 5 % is"
    ]


def _left_out(result: ConditionalLogitResult) -> list[str]:
    notes = []
    if result.n_left_out:
        counts = ", ".join(f"{n:,} {status}" for status, n in result.n_left_out.items())
        why = " as nothing was bought" if result.provenance.outcome == "chosen" else ""
        notes.append(f"left out{why}: {counts}")
    if result.never_chosen:
        names = ", ".join(f"{name} ({n:,} rows)" for name, n in result.never_chosen.items())
        notes.append(f"never chosen and dropped: {names}")
    if result.bootstrap is not None:
        notes.append(f"intervals and p-values of the terms by {result.bootstrap.name}")
    return notes


def _truth(
    result: ConditionalLogitResult,
    group: Mapping[str, str],
    rows: pd.DataFrame,
    study: Study | None,
) -> dict[str, float]:
    """Planted value of each coefficient, where the buyer is planted."""
    planted = study.truths.get(group["buyer"]) if study is not None else None
    if planted is None:
        return {}
    made = result.provenance
    return truth_of_fit(rows, planted, result.terms, made.effects, outside=made.outside)


def estimand(result: ConditionalLogitResult, rows: pd.DataFrame, study: Study | None) -> str:
    """Returns what the estimates are of: choices given what, over which shelves, exposed or not."""
    outside = result.provenance.outside
    what = {"chosen": "choice", "probability": "choice probability"}.get(
        result.provenance.outcome, result.provenance.outcome
    )
    given = f"{what}, buying nothing included" if outside else f"{what} given a purchase"
    sizes = rows.groupby("trial_id").size()
    if study is None:
        low, high = int(sizes.min()), int(sizes.max())
        shelf = f"shelves of {low}" if low == high else f"shelves of {low} to {high}"
    else:
        size = study.spec.shelf.size
        how = "sampled per world" if study.spec.shelf.sample else "fixed"
        how = "given, not drawn" if study.spec.design.use == "given" else how
        shelf = f"shelf of {size}, {how}"
    heat = set(rows["temperature"].dropna()) if "temperature" in rows else set()
    warm = [f"temperature {heat.pop():g}"] if len(heat) == 1 else []
    return "; ".join([given, shelf, "as assigned", *warm])
