"""Whether served models answered in a way that can be read, and read what they were shown."""

import json
from collections.abc import Iterator

import pandas as pd

from aces.rules import Gates
from aces.store import OPERATIONAL_CAUSES
from analysis.checks.check import ARM, Check
from analysis.comprehension import comprehension
from analysis.display import Table, interval, listed, percent
from analysis.perception import share_with_interval
from analysis.study import Study

ANSWERS = ("unparseable", "refusal")
"""Causes of failure that lie in what a buyer answered."""
_MASS = """
    SELECT t.trial_id, o.reported FROM trials t JOIN latest o ON o.trial_id = t.trial_id
    WHERE o.reported LIKE '%label_mass_min%'
"""


def parse_rate(trials: pd.DataFrame, least: float | None) -> Check:
    """Whether few enough answers could not be read.

    Args:
        trials: One row per trial.
        least: Share of answers that must have been read; None leaves the gate out.
    """
    return _rate(trials, "Parse rate", "unparseable", least, "unreadable")


def refusal_rate(trials: pd.DataFrame, most: float | None) -> Check:
    """Whether few enough trials were refused.

    Args:
        trials: One row per trial.
        most: Share of refusals that is tolerated; None leaves the gate out.
    """
    return _rate(trials, "Refusal rate", "refusal", None if most is None else 1 - most, "refused")


def _rate(trials: pd.DataFrame, name: str, cause: str, least: float | None, lost: str) -> Check:
    """A gate on how often a cause of failure occurred among trials that got an answer.

    Trials that were lost to the laboratory say nothing of answers. Intervals are those of one
    answer for each world.
    """
    if least is None:
        return Check(name, None, "Not asked for.")
    failed = trials["status"] == "failed"
    asked = trials[~(failed & trials["cause"].isin(OPERATIONAL_CAUSES))]
    models = asked["model"].astype(str).ne("") if "model" in asked else asked["cause"] != ""
    if not (models.any() or asked["cause"].isin(ANSWERS).any()):
        return Check(name, None, "No buyer answers in words.")
    rows, low = [], []
    for (buyer, interface), group in asked.groupby(ARM, sort=False):
        n = len(group)
        good = int((group["cause"] != cause).sum())
        worlds = group["world_id"].nunique() if "world_id" in group else n
        found = share_with_interval(n - good, n, worlds)
        limits = interval(100 * (found["ci_low"] or 0.0), 100 * (found["ci_high"] or 0.0), 1)
        share = percent(found["rate"])
        rows.append((f"{buyer} · {interface}", f"{n - good:,} of {n:,}", share, limits))
        if good < least * n - 1e-9:
            low.append((str(buyer), str(interface), f"{share} {limits}"))
    shown = Table(f"Answers {lost}", ("buyer · interface", "answers", "share", "95 %"), tuple(rows))
    told = f"{percent(1 - least)} are tolerated"
    if not low:
        return Check(name, True, f"Few answers of any buyer were {lost}: {told}.", table=shown)
    who = listed([f"{share} of {buyer} · {interface}" for buyer, interface, share in low])
    failing = tuple((buyer, interface) for buyer, interface, _ in low)
    return Check(name, False, f"Too many answers were {lost}: {who}; {told}.", None, shown, failing)


def understanding(study: Study | None, table: pd.DataFrame, least: float | None) -> Check:
    """Whether models that were asked about the shelf told what stands there.

    Args:
        study: The run; None for a table without one.
        table: Its long table.
        least: Share of right answers to each kind of question; None leaves the gate out.
    """
    name = "Comprehension"
    if least is None:
        return Check(name, None, "Not asked for.")
    found = comprehension(study, table) if study is not None and study.served else pd.DataFrame()
    if found.empty:
        return Check(name, None, "No buyer was asked what it sees (`use: comprehension`).")
    low = found[found["rate"] < least - 1e-9]
    if low.empty:
        verdict = f"All kinds of questions were answered right in {percent(least, 0)} or more."
        return Check(name, True, verdict)
    said = [
        f"{row['buyer']} · {row['interface']} told the {row['question']} right in "
        f"{percent(row['rate'])} {interval(100 * row['ci_low'], 100 * row['ci_high'], 1)}"
        for row in low.to_dict("records")
    ]
    verdict = f"{listed(said)}; {percent(least, 0)} are asked for."
    return Check(name, False, verdict, failing=tuple(_same_model(study, table, low)))


def _same_model(
    study: Study | None, table: pd.DataFrame, low: pd.DataFrame
) -> Iterator[tuple[str, str]]:
    """Buyers of the models that read wrong, through the same interface."""
    served = study.served if study is not None else {}
    bad = {(row["model"], row["interface"]) for row in low.to_dict("records")}
    for buyer, interface in table[ARM].drop_duplicates().itertuples(index=False):
        if buyer in served and (served[buyer].model, interface) in bad:
            yield str(buyer), str(interface)


def label_mass(study: Study | None, trials: pd.DataFrame, gates: Gates) -> Check:
    """Whether forced choices answered with a label, left to themselves.

    Args:
        study: The run; None for a table without one.
        trials: One row per trial.
        gates: `label_mass` and `low_label_mass` are used.
    """
    name = "Label mass"
    if gates.label_mass is None:
        return Check(name, None, "Not asked for.")
    told = study.store.db.execute(_MASS) if study is not None else ()
    masses = {trial: json.loads(text).get("label_mass_min") for trial, text in told}
    read = trials.assign(mass=trials.index.map(masses).astype(float)).dropna(subset="mass")
    if read.empty:
        return Check(name, None, "No choice probabilities were read.")
    rows, failing = [], []
    for (buyer, interface), group in read.groupby(ARM, sort=False):
        low = float((group["mass"] < gates.label_mass).mean())
        rows.append((f"{buyer} · {interface}", percent(group["mass"].median()), percent(low)))
        if low > gates.low_label_mass:
            failing.append((str(buyer), str(interface)))
    under = f"share under {percent(gates.label_mass, 0)}"
    shown = Table("Label mass", ("buyer · interface", "median", under), tuple(rows))
    if not failing:
        return Check(name, True, "Answers begin with a label, nearly always.", table=shown)
    who = listed([f"{row[0]} in {row[2]} of trials" for row in rows if _arm(row) in failing])
    verdict = (
        f"Left to itself the model seldom answers with a label ({under}: {who}): what labels say "
        "is not what it would do."
    )
    return Check(name, False, verdict, None, shown, tuple(failing))


def _arm(row: tuple[str, ...]) -> tuple[str, str]:
    buyer, _, interface = row[0].partition(" · ")
    return buyer, interface
