"""What was chosen on the same shelves as published: beside ours, and how often it is the same."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.shares import wilson_interval
from aces.types import Estimate
from analysis.display import Plot, Point, Table, interval, number
from analysis.fits import GROUP, arm_names, groups
from analysis.study import Study

INTERFACE = "published"
"""Of choices as published."""
_COLUMN = re.compile(r"published(_\w+)?")
_UNSAID = ("persona", "prompt", "prompt_hash", "participant")
_UNKNOWN = ("exposed", "temperature", "probability", "seen", "attention")


def published_columns(table: pd.DataFrame, study: Study | None = None) -> dict[str, str]:
    """Returns column of a published choice -> who chose."""
    declared = study.declarations.values() if study else ()
    said = {c: who for d in declared if d.kind == "given" for c, who in d.published.items()}
    found = [str(name) for name in table if _COLUMN.fullmatch(str(name))]
    return {name: said.get(name, name.removeprefix("published_")) for name in found}


def with_published(table: pd.DataFrame, study: Study | None = None) -> pd.DataFrame:
    """Returns the table with the published choices as trials of further buyers.

    They are called `<who> (published)` and have the interface `published`: one trial for each
    shelf. A published trial without a choice is a failed one: why there is none is not known.

    Args:
        table: The long table.
        study: The run, which knows who chose by name.
    """
    columns = published_columns(table, study)
    if not columns or "world_id" not in table:
        return table
    once = table[table["trial_id"].isin(table.drop_duplicates("world_id")["trial_id"])]
    parts = [_as_trials(once[once[name].notna()], name, who) for name, who in columns.items()]
    return pd.concat([table, *parts], ignore_index=True)


def _as_trials(rows: pd.DataFrame, column: str, who: str) -> pd.DataFrame:
    chosen = rows[column].astype(np.int64)
    ended = chosen.groupby(rows["trial_id"]).transform("max")
    changes: dict[str, Any] = {
        "trial_id": f"{column}/" + rows["world_id"].astype(str),
        "buyer": f"{who} (published)",
        "model": who,
        "interface": INTERFACE,
        "repeat": 0,
        "chosen": chosen,
        "status": np.where(ended == 1, "chosen", "failed"),
        "cause": np.where(ended == 1, "", "published"),
        **dict.fromkeys(_UNSAID, ""),
        **dict.fromkeys(_UNKNOWN, np.nan),
    }
    return rows.assign(**{name: value for name, value in changes.items() if name in rows})


@dataclass(frozen=True)
class Agreement:
    """How often each buyer bought what was chosen on the same shelf as published.

    Attributes:
        name: Of the analysis.
        data: The long table, with the columns of published choices.
    """

    name: str
    data: pd.DataFrame

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One for each buyer and interface with each published one."""
        theirs = self.data["interface"] == INTERFACE
        ours = self.data[~theirs]
        once = self.data[theirs].drop_duplicates("model")
        columns = [str(trial_id).partition("/")[0] for trial_id in once["trial_id"]]
        names = published_columns(ours) | dict(zip(columns, once["model"], strict=True))
        arms = arm_names(ours)
        return [
            {**group, "arm": arms[tuple(group.values())], "who": who, **found}
            for group, part in groups(ours)
            for column, who in names.items()
            if (found := _agreement(part, column))["n"]
        ]

    @property
    def notes(self) -> list[str]:
        """Nothing: the table says it."""
        return []

    @property
    def table(self) -> Table:
        """The shares for people."""
        heads = ("buyer · interface", "published", "the same choice", "share, %")
        lines = tuple(
            (
                row["arm"],
                row["who"],
                f"{row['same']:,} of {row['n']:,}",
                number(100 * row["estimate"], 1),
                interval(100 * row["ci_low"], 100 * row["ci_high"], 1),
                number(100 * row["chance"], 1),
            )
            for row in self.rows
        )
        note = (
            "Trials in which both bought something, on the very same shelves. Wilson's intervals, "
            "one choice per shelf. Two that choose at random agree as often as chance."
        )
        return Table(
            f"{self.name} · as published", (*heads, "95 % interval", "chance, %"), lines, note
        )

    @property
    def plots(self) -> list[Plot]:
        """The share of equal choices, a colour for each buyer."""
        series: dict[str, list[Point]] = {}
        for row in self.rows:
            values = (100 * row[name] for name in ("estimate", "ci_low", "ci_high"))
            series.setdefault(row["arm"], []).append(Point(row["who"], *values))
        return [Plot("The same choice as published", "share, %", series)] if series else []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`."""
        return [e for row in self.rows for e in self._of_row(row)]

    def _of_row(self, row: Mapping[str, Any]) -> Iterator[Estimate]:
        yield Estimate(
            **{name: row[name] for name in GROUP},
            analysis=self.name,
            estimand="share of trials that bought what was chosen on the shelf as published",
            estimator="agreement",
            term=f"agreement[{row['who']}]",
            **{name: row[name] for name in ("estimate", "ci_low", "ci_high")},
            n_trials=row["n"],
            n_clusters=row["worlds"],
        )


def _agreement(rows: pd.DataFrame, column: str) -> dict[str, Any]:
    """Counts and share of equal choices, of trials where both chose."""
    by = rows.assign(
        both=rows["chosen"] * rows[column].fillna(0), theirs=rows[column].fillna(0)
    ).groupby("trial_id", sort=False)
    trials = pd.DataFrame(
        {
            "same": by["both"].max(),
            "judged": (by["chosen"].max() == 1) & (by["theirs"].max() == 1),
            "chance": 1 / by.size(),
            "world_id": by["world_id"].first(),
        }
    )
    trials = trials[trials["judged"]]
    n, same, worlds = len(trials), int(trials["same"].sum()), trials["world_id"].nunique()
    if not n:
        return {"n": 0}
    weight = worlds / n
    low, high = wilson_interval([same * weight], n * weight)
    return {
        "n": n,
        "same": same,
        "worlds": int(worlds),
        "estimate": same / n,
        "ci_low": low[0],
        "ci_high": high[0],
        "chance": float(trials["chance"].mean()),
    }


def agreement(table: pd.DataFrame, name: str = "published") -> Agreement:
    """Returns how often each buyer chose what was chosen as published.

    Args:
        table: Long table with columns `published_...` (0/1; empty where nobody was asked).
        name: Of the analysis.

    Raises:
        EstimationError: If there is no such column.
    """
    if not published_columns(table):
        raise EstimationError("no published choices: the table has no column `published_...`")
    return Agreement(name, table)
