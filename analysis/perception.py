"""What served models said they read, beside what was shown: misreadings are a result."""

import json
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median
from typing import Any

import pandas as pd

from aces.money import minor_digits
from aces.stats.shares import wilson_interval
from analysis.display import Table, counted, interval, number, percent
from analysis.study import Study

_REPORTED = """
    SELECT o.trial_id, o.said, o.reported FROM latest o
    WHERE o.reported IS NOT NULL OR o.said IS NOT NULL
"""
_NOTHING = ("", "unknown", "none", "null", "n/a", "na", "not shown", "not available", "-", "–")
"""How a model says that it did not see a value."""


@dataclass(frozen=True)
class Reading:
    """One value of one purchase, as reported and as shown.

    Attributes:
        reported: None where the model said nothing of it.
        shown: None where the page did not show it.
    """

    reported: Any
    shown: Any


@dataclass(frozen=True)
class ReadField:
    """A fact of a listing that models report.

    Attributes:
        unit: Of the error.
        equal: Whether the two values are the same to a reader.
        error: How far they are apart; NaN where it can't be told.
    """

    unit: str
    equal: Callable[[Any, Any], bool]
    error: Callable[[Any, Any], float]


def plain(title: object) -> str:
    """Returns a title as it is compared: case, spaces and quotation marks do not matter."""
    text = re.sub(r"[\s\u00a0]+", " ", str(title)).strip(" \"'“”‘’„»«").casefold()
    return text.replace("–", "-").replace("—", "-").replace("...", "…")


def same_title(reported: object, shown: object) -> bool:
    """Returns whether two titles are the same; one cut short with an ellipsis is."""
    told, true = plain(reported), plain(shown)
    return told == true or (
        told.endswith("…") and len(told) > 8 and true.startswith(told[:-1].strip())
    )


def _within(step: float) -> Callable[[Any, Any], bool]:
    """Numbers are the same to a reader where they differ by less than the page's last digit."""
    return lambda reported, shown: _apart(reported, shown) < step / 2


def _apart(reported: object, shown: float) -> float:
    """How far a number is off; NaN for a text without one, which is the same as no number."""
    return abs(reported - shown) if isinstance(reported, int | float) else math.nan


def _unlike(reported: object, shown: object) -> float:
    told, true = plain(reported), plain(shown)
    return 1 - SequenceMatcher(None, told, true, autojunk=False).ratio()


FIELDS: Mapping[str, ReadField] = {
    "title": ReadField("share of the letters", same_title, _unlike),
    "price": ReadField("currency", _within(0.01), _apart),
    "rating": ReadField("stars", _within(0.1), _apart),
    "review_count": ReadField("reviews", _within(1), _apart),
}
"""Field as models report it -> how it is compared."""

PRODUCT = "product"
"""Not a field of the page: the product that the model named, beside the one that was ordered."""

COLUMNS = (
    *(
        "run",
        "buyer",
        "model",
        "interface",
        "picture",
        "field",
        "purchases",
        "n",
        "misread",
        "rate",
    ),
    *("ci_low", "ci_high", "typical_error", "unit", "not_reported", "reported_not_shown"),
)
"""Columns of `perception.csv`."""


def perception(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Returns how often what was bought had been read wrong, as `perception.csv` holds it.

    One row per buyer, interface and field. `n` are purchases where the field was shown and
    reported; `typical_error` is the median size of the wrong ones' error. Where a world was met
    several times its readings are not independent: the Wilson interval is that of one for each.

    Args:
        study: The run.
        table: Its long table.
    """
    bought = dict(list(_bought(study, table).groupby(["buyer", "interface"])))
    rows = [
        row
        for buyer, interface in served_arms(study, table)
        if (buyer, interface) in bought
        for row in _fields(study, buyer, interface, bought[buyer, interface])
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def served_arms(study: Study, table: pd.DataFrame) -> list[tuple[str, str]]:
    """Returns buyer and interface of served models, in the order of the plan."""
    served = table[table["buyer"].isin(list(study.served))]
    arms = served[["buyer", "interface"]].drop_duplicates()
    return [(str(buyer), str(interface)) for buyer, interface in arms.to_numpy()]


def pictures_note(found: pd.DataFrame) -> str:
    """Returns how large pictures were, by interface: ` shot: png, 1280 × 1080 at scale 1.`."""
    pictures = found.loc[found["picture"] != "", ["interface", "picture"]].drop_duplicates()
    return "".join(f" {row.interface}: {row.picture}." for row in pictures.itertuples())


def _bought(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Purchases of served models: what was ordered as shown, `said` and `reported` beside it."""
    rows = study.store.db.execute(_REPORTED)
    told = pd.DataFrame(rows.fetchall(), columns=["trial_id", "said", "reported"])
    served = [name for name, buyer in study.served.items() if buyer.buys]
    bought = table[(table["chosen"] == 1) & table["buyer"].isin(served)]
    return bought.merge(told, on="trial_id", how="left")


def _fields(
    study: Study, buyer: str, interface: str, bought: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    common = {
        "run": study.name,
        "buyer": buyer,
        "model": study.served[buyer].model,
        "interface": interface,
        "picture": study.picture(buyer, interface),
    }
    # what is said of one product is no misreading of another
    own = bought[bought["said"].isna() | (bought["said"] == bought["product_id"])]
    currency = str(bought["currency"].iloc[0])
    for name, pairs in _readings(own, currency).items():
        field = FIELDS[name]
        if any(pair.reported is not None for pair in pairs):
            unit = currency if field.unit == "currency" else field.unit
            yield {**common, "field": name, "unit": unit, **_compared(field, pairs, own)}
    if bought["said"].notna().any():
        named = bought["said"].astype(object).where(bought["said"].notna(), None)
        pairs = [Reading(*pair) for pair in zip(named, bought["product_id"], strict=True)]
        product = ReadField("", operator.eq, lambda a, b: math.nan)
        yield {**common, "field": PRODUCT, "unit": "", **_compared(product, pairs, bought)}


def readings_of(report: str | None, bought: Mapping[Any, Any], currency: str) -> dict[str, Reading]:
    """Returns what a model reported of one purchase, by field, beside what was shown.

    Args:
        report: As stored with the outcome.
        bought: The row of what was bought, of the long table.
        currency: Of its price.
    """
    shown = pd.DataFrame([{"reported": report, **bought}])
    pairs = {name: pairs[0] for name, pairs in _readings(shown, currency).items()}
    return {name: pair for name, pair in pairs.items() if pair.reported is not None}


def _readings(bought: pd.DataFrame, currency: str) -> dict[str, list[Reading]]:
    """Field -> its readings, one per purchase."""
    reports = [_report(text) for text in bought["reported"]]
    shown = {
        "title": bought["title"],
        "price": bought["price_cents"] / 10 ** minor_digits(currency),
        "rating": bought["rating"],
        "review_count": bought["review_count"],
    }
    return {
        name: [
            Reading(_told(report, name), value if value == value else None)
            for report, value in zip(reports, shown[name].tolist(), strict=True)
        ]
        for name in FIELDS
    }


def _report(text: object) -> dict[str, Any]:
    found = json.loads(text) if isinstance(text, str) else {}
    return found if isinstance(found, dict) else {}


def _told(report: Mapping[str, Any], name: str) -> object:
    """What was reported: a number, else the words; None for words that say there is nothing."""
    written = report.get("as_written")
    words = written.get(name) if isinstance(written, dict) else None
    value = report.get(name, words)
    if value != value or (isinstance(value, str) and value.strip().casefold() in _NOTHING):
        return None
    return value


def _compared(field: ReadField, pairs: list[Reading], bought: pd.DataFrame) -> dict[str, Any]:
    """Counts of one field, `pairs` in the order of the purchases."""
    both = [i for i, p in enumerate(pairs) if p.reported is not None and p.shown is not None]
    wrong = [i for i in both if not field.equal(pairs[i].reported, pairs[i].shown)]
    errors = [field.error(pairs[i].reported, pairs[i].shown) for i in wrong]
    errors = [error for error in errors if not math.isnan(error)]
    met = bought["world_id"].iloc[both].nunique()
    return {
        "purchases": len(pairs),
        "n": len(both),
        "misread": len(wrong),
        **share_with_interval(len(wrong), len(both), met),
        "typical_error": round(median(errors), 9) if errors else None,
        "not_reported": sum(p.reported is None and p.shown is not None for p in pairs),
        "reported_not_shown": sum(p.reported is not None and p.shown is None for p in pairs),
    }


def share_with_interval(count: int, n: int, worlds: int) -> dict[str, float | None]:
    """Returns a share and its 95 % Wilson limits, as of one observation per world."""
    if n == 0:
        return {"rate": None, "ci_low": None, "ci_high": None}
    weight = worlds / n
    low, high = wilson_interval([count * weight], n * weight)
    return {"rate": count / n, "ci_low": float(low[0]), "ci_high": float(high[0])}


def perception_table(found: pd.DataFrame) -> Table:
    """Returns misreadings as people read them; columns of which all are 0 are left out."""
    seldom = [name for name in ("not_reported", "reported_not_shown") if found[name].any()]
    rows = tuple(
        (
            f"{row['buyer']} · {row['interface']}",
            "product named" if row["field"] == PRODUCT else str(row["field"]).replace("_", " "),
            f"{row['misread']:,} of {row['n']:,}",
            percent(row["rate"]),
            interval(100 * row["ci_low"], 100 * row["ci_high"], 1) if row["n"] else "",
            _error(row),
            *(f"{row[name]:,}" for name in seldom),
        )
        for row in found.to_dict("records")
    )
    heads = ("buyer · interface", "field", "misread", "rate", "95 %", "typical error")
    note = (
        "What the model said of what it bought, beside what was shown of it. Typical error: the "
        "median of those misread. Product named: orders of another product than the model named; "
        "what was said of the other is not compared."
    )
    more = [name.replace("reported_", "reported, ").replace("_", " ") for name in seldom]
    return Table("Perception", (*heads, *more), rows, note + pictures_note(found))


def _error(row: Mapping[Any, Any]) -> str:
    error = row["typical_error"]
    if error is None or math.isnan(error):
        return ""
    if row["field"] == "title":
        return f"{percent(error, 0)} of the letters"
    return f"{number(error, {'rating': 1, 'review_count': 0}.get(row['field'], 2))} {row['unit']}"


def named_otherwise(study: Study, table: pd.DataFrame, most: int = 10) -> Table | None:
    """Returns purchases of another product than the model named, commonest first; None if none."""
    bought = _bought(study, table)
    pairs = Counter(
        (f"{row.buyer} · {row.interface}", row.said, str(row.product_id))
        for row in bought.itertuples()
        if isinstance(row.said, str) and row.said and row.said != row.product_id
    )
    if not pairs:
        return None
    rows = tuple((*names, f"{n:,}") for names, n in pairs.most_common(most))
    left = len(pairs) - len(rows)
    note = f"And {counted(left, 'more pair')}." if left > 0 else ""
    heads = ("buyer · interface", "named", "ordered", "times")
    return Table("Named one product, ordered another", heads, rows, note)
