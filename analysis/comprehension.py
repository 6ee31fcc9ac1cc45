"""What served models understood of the shelf when asked about it, in trials of their own."""

import json
from collections.abc import Hashable

import pandas as pd

from aces.money import minor_digits
from analysis.display import Table, interval, percent
from analysis.perception import pictures_note, served_arms, share_with_interval
from analysis.study import Study

_ASKED = """
    SELECT t.trial_id, o.reported FROM trials t JOIN latest o ON o.trial_id = t.trial_id
    WHERE o.reported IS NOT NULL ORDER BY t.plan_index
"""
_OF_LISTING = ("price", "rating", "title")
"""Questions whose answer is a value of one listing."""

COLUMNS = (
    *("run", "buyer", "model", "interface", "picture", "question", "n", "right", "rate"),
    *("ci_low", "ci_high", "chance"),
)
"""Columns of `comprehension.csv`."""


def comprehension(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Returns the share of right answers by buyer, interface and question.

    `chance` is the share that would be right by telling the value of a listing of the shelf taken
    at random, where the question is about one. Where a world was met several times, the Wilson
    interval is that of one answer for each.

    Args:
        study: The run.
        table: Its long table.
    """
    answers = dict(list(_answers(study, table).groupby(["buyer", "interface"])))
    rows = [
        _row(study, *arm, str(question), part)
        for arm in served_arms(study, table)
        if arm in answers
        for question, part in answers[arm].groupby("question")
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    study: Study, buyer: str, interface: str, question: str, part: pd.DataFrame
) -> dict[str, object]:
    right = int(part["right"].sum())
    return {
        "run": study.name,
        "buyer": buyer,
        "model": study.served[buyer].model,
        "interface": interface,
        "picture": study.picture(buyer, interface),
        "question": question,
        "n": len(part),
        "right": right,
        **share_with_interval(right, len(part), part["world_id"].nunique()),
        "chance": part["chance"].mean() if part["chance"].notna().all() else None,
    }


def _answers(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """One row per question that was answered, in the order of the plan."""
    asking = [name for name, buyer in study.served.items() if not buyer.buys]
    shelves = table[table["buyer"].isin(asking)]
    rows = []
    for trial_id, text in study.store.db.execute(_ASKED) if asking else ():
        told = json.loads(text)
        if isinstance(told, dict) and "right" in told:
            question, right = str(told.get("question", "")), told["right"] is True
            rows.append((trial_id, question, right, told.get("truth")))
    answers = pd.DataFrame(rows, columns=["trial_id", "question", "right", "truth"])
    whose = shelves[["trial_id", "buyer", "interface", "world_id"]].drop_duplicates("trial_id")
    answers = answers.merge(whose, on="trial_id")
    return answers.assign(chance=answers["trial_id"].map(_chances(answers, shelves)).astype(float))


def _chances(answers: pd.DataFrame, shelves: pd.DataFrame) -> dict[Hashable, float]:
    """Trial -> share of its listings of which the true answer is true.

    Questions about the whole shelf have none.
    """
    digits = shelves["currency"].map({c: minor_digits(str(c)) for c in set(shelves["currency"])})
    shown = shelves.assign(price=shelves["price_cents"] / 10.0 ** digits.astype(float))
    found: dict[Hashable, float] = {}
    for question in _OF_LISTING:
        asked = answers.loc[answers["question"] == question, ["trial_id", "truth"]]
        told = shown[["trial_id", question]].dropna().merge(asked, on="trial_id")
        same = told[question].astype(object) == told["truth"]
        found |= same.astype(float).groupby(told["trial_id"]).mean().to_dict()
    return found


def comprehension_table(found: pd.DataFrame) -> Table:
    """Returns right answers as people read them."""
    rows = tuple(
        (
            f"{row['buyer']} · {row['interface']}",
            str(row["question"]).replace("_", " "),
            f"{row['n']:,}",
            percent(row["rate"]),
            interval(100 * row["ci_low"], 100 * row["ci_high"], 1),
            percent(row["chance"]) or "unknown",
        )
        for row in found.to_dict("records")
    )
    heads = ("buyer · interface", "question", "answers", "right")
    note = (
        "By guessing: by telling the value of a listing of the shelf taken at random. These trials "
        "end without a purchase, by design."
    )
    note += pictures_note(found)
    return Table("Comprehension", (*heads, "95 %", "by guessing"), rows, note)
