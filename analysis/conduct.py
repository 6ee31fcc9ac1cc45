"""What served models did beside choosing: how they answered, read, understood, and what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis.asked import Asked, answer_table, time_and_money_table, token_table
from analysis.comprehension import comprehension, comprehension_table
from analysis.display import Table
from analysis.perception import named_otherwise, perception, perception_table
from analysis.study import Study


@dataclass(frozen=True)
class Conduct:
    """What is known of a run's served models.

    Attributes:
        files: Name of a CSV file -> its rows; only those that have any.
        tables: The same for people.
    """

    files: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()

    @classmethod
    def of(cls, study: Study, table: pd.DataFrame) -> "Conduct":
        """Returns it for a run and its long table; nothing where no model was asked."""
        if not study.served:
            return cls()
        asked = Asked(study)
        files = {
            "costs.csv": asked.costs(),
            "perception.csv": perception(study, table),
            "comprehension.csv": comprehension(study, table),
        }
        tables = [answer_table(asked)]
        if len(files["perception.csv"]):
            tables.append(perception_table(files["perception.csv"]))
        tables += filter(None, [named_otherwise(study, table)])
        if len(files["comprehension.csv"]):
            tables.append(comprehension_table(files["comprehension.csv"]))
        if len(files["costs.csv"]):
            tables += [token_table(files["costs.csv"]), time_and_money_table(files["costs.csv"])]
        return cls({name: rows for name, rows in files.items() if len(rows)}, tuple(tables))


def write_conduct(several: Sequence[Conduct], folder: Path) -> list[Path]:
    """Writes what there is beside `estimates.csv` and returns the paths."""
    written: list[Path] = []
    for name in ("costs.csv", "perception.csv", "comprehension.csv"):
        path, found = folder / name, [one.files[name] for one in several if name in one.files]
        if found:
            pd.concat(found, ignore_index=True).to_csv(path, index=False, lineterminator="\n")
            written.append(path)
    return written
