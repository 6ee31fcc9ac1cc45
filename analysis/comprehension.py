"""What served models understood of the shelf when asked about it, in trials of their own."""

import json

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
    """One row per question that was answered."""
    asking = [name for name, buyer in study.served.items() if not buyer.buys]
    shelves = dict(list(table[table["buyer"].isin(asking)].groupby("trial_id", sort=False)))
    rows = []
    for trial_id, text in study.store.db.execute(_ASKED):
        told = json.loads(text)
        if trial_id not in shelves or not isinstance(told, dict) or "right" not in told:
            continue
        shelf, question = shelves[trial_id], str(told.get("question", ""))
        whose = shelf.iloc[0][["buyer", "interface", "world_id"]].tolist()
        chance = _chance(question, told.get("truth"), shelf)
        rows.append((*whose, question, told["right"] is True, chance))
    names = ["buyer", "interface", "world_id", "question", "right", "chance"]
    return pd.DataFrame(rows, columns=names)


def _chance(question: str, truth: object, shelf: pd.DataFrame) -> float:
    """Share of the listings of which the true answer is true; NaN where it is about them all."""
    if question not in _OF_LISTING:
        return float("nan")
    if question == "price":
        digits = minor_digits(str(shelf["currency"].iloc[0]))
        return float((shelf["price_cents"] / 10**digits == truth).mean())
    told = shelf[question].dropna()
    return float((told == truth).mean()) if len(told) else float("nan")


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
