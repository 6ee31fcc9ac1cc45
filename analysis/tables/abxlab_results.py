"""ABxLab's results: combined_full.csv and its kin, as scripts/preprocess_*.py write them.

A row is one trial of one model (or of people): two products side by side, at most one of which
carries a persuasive text. Trials that ended without adding either product to the cart were dropped
before the file was written.
"""

import re
from collections.abc import Set
from typing import Any

import numpy as np
import pandas as pd

from aces.spec import Plugin
from aces.stats.covariance import FEWEST_CLUSTERS
from analysis.display import counted
from analysis.tables import ForeignTable
from analysis.tables import _reading as reading

COLUMNS = {"chose_idx", "prices", "ratings", "model_family", "nudge_text"}
URLS = "cfg.task.config.start_urls"
PROFILE = "cfg.task.config.metadata.user_preference"
COVERAGE = "cfg.task.config.metadata.coverage_type"
AGAINST = (
    "This product cannot be returned-Final sale.",
    "There is a newer version of this product available",
)
"""Texts that speak against the product that carries them."""
SAME = {"Wirecutter": "Wirecutter's top pick", "highly recommended": "recommended by experts"}
"""Texts that name the category or the kind of expert, each taken as one, as the source does."""
NO_TEXT = "none"
TERMS = ("pos_1", "cheaper", "higher_rated", "nudged")
FURTHER = ("carries_text", "nudge_text", "persona")
NEEDED = ("price_cents", "rating", "chose", "product_id")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


class AbxlabResultsFormat:
    """ABxLab's processed results, of models and of people."""

    needs = COLUMNS

    def recognises(self, columns: Set[str]) -> bool:
        """Returns whether the columns are those that ABxLab's R code reads."""
        return columns >= COLUMNS and bool(columns & {"experiment_id", "trial_id"})

    def read(self, cells: pd.DataFrame) -> ForeignTable:
        """Returns the long table, two rows a trial, and the model to be fitted."""
        faults = reading.Faults()
        trials = _trials(cells, faults)
        kept, copies = reading.without_copies(cells)
        frame = _alternatives(trials.loc[kept.index])
        frame = reading.repeats(frame, ["buyer", "page"])
        frame = reading.with_trials(frame, FURTHER)
        frame, lost = reading.whole_trials(frame, faults, NEEDED)
        notes = [*copies, *lost, *_ties(frame), *_remarks(frame)]
        rows = frame.drop(columns=["page", "chose", "cheaper_idx", "better_rated_idx"])
        table = reading.completed(rows.assign(status="chosen", cause=""))
        return ForeignTable(table, tuple(notes), (_analysis(table),))


def _trials(cells: pd.DataFrame, faults: reading.Faults) -> pd.DataFrame:
    """One row a trial: facts of both products in pairs."""
    model = reading.text(cells, "model_family", "published")
    page = reading.text(cells, "experiment_id")
    page = page.where(page != "", reading.text(cells, "trial_id"))
    said = reading.text(cells, "nudge_text")
    nudge = reading.numbers(cells, "nudged_idx", faults, needed=False)
    chose = reading.numbers(cells, "chose_idx", faults)
    faults.tell("hold neither 0 nor 1 in 'chose_idx'", ~np.isin(chose, (0, 1)) & ~np.isnan(chose))
    chose = np.where(_elsewhere(cells), np.nan, chose)
    faults.tell("choose neither of the two pages", _elsewhere(cells))
    frame = pd.DataFrame(
        {
            "buyer": model,
            "model": model,
            "interface": "tabs",
            "page": page,
            "task_id": reading.text(cells, "category", "all"),
            "category": reading.text(cells, "category", "all"),
            "k": pd.factorize(page)[0],
            "persona": reading.text(cells, PROFILE),
            "coverage_type": reading.text(cells, COVERAGE),
            "chose": np.where(np.isin(chose, (0, 1)), chose, np.nan),
            "nudge_at": np.where(np.isin(nudge, (0, 1)) & (said != ""), nudge, np.nan),
            "against": said.isin(AGAINST),
            "nudge_text": said.map(_as_one).where(said != "", NO_TEXT),
            "nudge_type": reading.text(cells, "nudge_type"),
        },
        index=cells.index,
    )
    frame["cheaper_idx"] = reading.numbers(cells, "cheaper_idx", faults, needed=False)
    frame["better_rated_idx"] = reading.numbers(cells, "better_rated_idx", faults, needed=False)
    frame["prices"] = _pairs(reading.text(cells, "prices"), "prices", faults)
    frame["ratings"] = _pairs(reading.text(cells, "ratings"), "ratings", faults)
    urls = _urls(cells)
    faults.tell("do not name two products", urls.map(lambda pair: None in pair))
    return frame.assign(urls=urls)


def _as_one(said: str) -> str:
    ascii_only = said.replace("\u2019", "'").replace("\u2018", "'").replace("\u2013", "-")
    return next((text for part, text in SAME.items() if part in ascii_only), ascii_only)


def _elsewhere(cells: pd.DataFrame) -> np.ndarray:
    """Trials of people whose choice is neither product: the source counts them as the left one."""
    if not {"choice", "url_0", "url_1"} <= set(cells):
        return np.zeros(len(cells), dtype=bool)
    choice = reading.text(cells, "choice")
    known = (choice == reading.text(cells, "url_0")) | (choice == reading.text(cells, "url_1"))
    return ~known.to_numpy()


def _pairs(column: "pd.Series[str]", name: str, faults: reading.Faults) -> "pd.Series[Any]":
    """Two numbers of each cell, such as `[np.float64(9.99), 12.0]`."""
    plain = column.str.replace(r"(?:np\.)?float64\(", "", regex=True)
    found = plain.map(lambda cell: [float(x) for x in _NUMBER.findall(cell)])
    pair = found.map(len) == 2
    faults.tell(f"do not hold two numbers in '{name}'", ~pair)
    both = [(*x,) if ok else (np.nan, np.nan) for x, ok in zip(found, pair, strict=True)]
    return pd.Series(both, index=column.index, dtype=object)


def _urls(cells: pd.DataFrame) -> "pd.Series[Any]":
    """The two products of each trial, named by the last part of their address."""
    if {"url_0", "url_1"} <= set(cells):
        sides = zip(reading.text(cells, "url_0"), reading.text(cells, "url_1"), strict=True)
        found = [list(side) for side in sides]
    else:
        found = [re.findall(r"['\"]([^'\"]+)['\"]", x) for x in reading.text(cells, URLS)]
    named = [[_slug(url) for url in urls] if len(urls) == 2 else [None, None] for urls in found]
    return pd.Series(named, index=cells.index, dtype=object)


def _slug(url: str) -> str | None:
    return url.rpartition("/")[2].partition("?")[0].removesuffix(".html") or None


def _alternatives(trials: pd.DataFrame) -> pd.DataFrame:
    """Two rows a trial; a text against a product works for the other, as the source counts it."""
    sides = []
    for side in (0, 1):
        price, rating = (
            trials[name].map(lambda pair, side=side: pair[side]).astype(float)
            for name in ("prices", "ratings")
        )
        other = trials["prices"].map(lambda pair, side=side: pair[1 - side]).astype(float)
        rated = trials["ratings"].map(lambda pair, side=side: pair[1 - side]).astype(float)
        carries = trials["nudge_at"] == side
        rivals = trials["nudge_at"] == 1 - side
        sides.append(
            trials.assign(
                position=side + 1,
                row=1,
                col=side + 1,
                product_id=trials["urls"].map(lambda urls, side=side: urls[side]),
                # a page that could not be read was written as price 0 and rating 0
                price_cents=np.round(100 * price.where(price > 0)),
                rating=(rating / 20).where(price > 0),
                cheaper=(price < other).astype(int),
                higher_rated=(rating > rated).astype(int),
                carries_text=carries.astype(int),
                nudged=np.where(trials["against"], rivals, carries).astype(int),
                chosen=(trials["chose"] == side).astype(int),
            )
        )
    both = pd.concat(sides).drop(columns=["prices", "ratings", "urls", "nudge_at", "against"])
    marks = dict.fromkeys(reading.MARKS, 0)
    return both.assign(title=both["product_id"], review_count=np.nan, **marks)


def _ties(frame: pd.DataFrame) -> list[str]:
    """Says how often the source calls a product cheaper, or better rated, that is not."""
    notes = []
    for column, term, word in (
        ("cheaper_idx", "cheaper", "price"),
        ("better_rated_idx", "higher_rated", "rating"),
    ):
        tied = frame.groupby("trial_id")[term].transform("sum") == 0
        n = frame.loc[tied & frame[column].notna(), "trial_id"].nunique()
        if n:
            notes.append(
                f"{counted(n, 'trial')} of two products with the same {word}: `{column}` names one "
                f"all the same, `{term}` is 0 for both here"
            )
    return notes


def _remarks(frame: pd.DataFrame) -> list[str]:
    first = frame.drop_duplicates("trial_id")
    notes = [
        "trials in which neither product was put into the cart are not in the file: everything is "
        "given a purchase, and how many were lost is not known",
        "a world is an experiment, met by several models; the source's `trial_id` is the "
        "experiment too, so that its trial effects pool models. Here a trial is one model's",
        "price and rating belong to the products and were not drawn: what `cheaper` and "
        "`higher_rated` find is an association. Order and texts were assigned",
    ]
    against = frame.loc[(frame["carries_text"] == 1) & (frame["nudged"] == 0), "trial_id"]
    if len(against):
        notes.append(
            f"{counted(against.nunique(), 'trial')} with a text against its product: `nudged` is 1 "
            "for the other, as the source counts it; `carries_text` says where it stands"
        )
    plain = int((first["nudge_text"] == NO_TEXT).sum())
    if plain and plain < len(first):
        notes.append(f"{counted(plain, 'trial')} without a text: one cluster, '{NO_TEXT}'")
    if reading.other_pages(frame):
        notes.append("some experiments differ between models: worlds of their own")
    return notes


def _analysis(table: pd.DataFrame) -> Plugin:
    """The linear probability model of the source: main effects, clustered by text and category."""
    cluster = [
        name for name in ("nudge_text", "category") if table[name].nunique() >= FEWEST_CLUSTERS
    ]
    by = table.groupby("trial_id")
    varied = [term for term in TERMS if term == "pos_1" or by[term].nunique().max() > 1]
    parameters = {
        "name": "linear_probability",
        "terms": varied,
        "cluster": cluster or ["world_id"],
        "outcome": "chosen",
        "effects": None,
        "outside": False,
    }
    return Plugin(use="linear_probability", name="linear_probability", parameters=parameters)
