"""Results of others, one file per format: their columns in, the long table out."""

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from aces.errors import StoreError
from aces.registry import Registry
from aces.spec import Plugin
from analysis.display import listed

NOTES, ANALYSES = "notes", "analyses"
"""Keys of a table's `attrs`: what must be said of it, and what is estimated unless asked."""


@dataclass(frozen=True)
class ForeignTable:
    """What could be made of a table of another project.

    Attributes:
        rows: The long table, without derived columns.
        notes: What was left out or is not as it seems, with counts.
        analyses: What is estimated unless one asks otherwise; empty for the usual.
    """

    rows: pd.DataFrame
    notes: tuple[str, ...]
    analyses: tuple[Plugin, ...] = ()


class TableFormat(Protocol):
    """A reader of one format.

    Attributes:
        needs: Columns without which a table is not of this format.
    """

    needs: Set[str]

    def recognises(self, columns: Set[str]) -> bool:
        """Returns whether a table with these columns is of this format."""
        ...

    def read(self, cells: pd.DataFrame) -> ForeignTable:
        """Returns the long table of cells that are all text, as they stand in the file."""
        ...


MOST_LACKING = 2
"""Columns that a table may lack and still be said to be like a format."""
FORMATS: Registry[Any] = Registry("table format", "analysis.tables", "Format")


def read_foreign(path: Path) -> ForeignTable | None:
    """Returns the long table of a Parquet or CSV file of a known format; None for any other.

    Raises:
        StoreError: If the file can't be read, or nothing in it can be used.
    """
    columns = _columns(path)
    formats = (FORMATS.build(name, {}) for name in FORMATS.names())
    found = next((one for one in formats if one.recognises(columns)), None)
    if found is None:
        return None
    cells = _cells(path)
    if cells.empty:
        raise StoreError(f"{path}: there are no rows below the names of the columns")
    read: ForeignTable = found.read(cells)
    if read.rows.empty:
        raise StoreError(f"{path}: nothing can be used. {'. '.join(read.notes)}")
    return read


def nearly(columns: Set[str]) -> str:
    """Returns which format a table would be of, with what it lacks; empty where it is like none."""
    lacking = {name: FORMATS.build(name, {}).needs - columns for name in FORMATS.names()}
    name = min(lacking, key=lambda one: len(lacking[one]))
    if len(lacking[name]) > MOST_LACKING:
        return ""
    return f" It is like the format {name}, but lacks {listed(sorted(lacking[name]))}."


def _columns(path: Path) -> set[str]:
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return set(pyarrow.parquet.ParquetFile(path).schema_arrow.names)
    return set(map(str, read_csv(path, nrows=0).columns))


def _cells(path: Path) -> pd.DataFrame:
    """All cells as text; empty where there is nothing."""
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        return table.astype(object).where(table.notna(), "").astype(str)
    return read_csv(path, dtype=str, keep_default_na=False)


def read_csv(path: Path, **options: Any) -> pd.DataFrame:  # noqa: ANN401
    """Returns the table of a CSV file.

    Args:
        path: The file.
        options: Of pandas.

    Raises:
        StoreError: If it is none, or two of its columns have one name.
    """
    try:
        head = pd.read_csv(path, encoding="utf-8-sig", header=None, nrows=1, dtype=str)
        _check_head(path, head.iloc[0].dropna().tolist())
        table: pd.DataFrame = pd.read_csv(path, encoding="utf-8-sig", **options)
    except (ValueError, pd.errors.ParserError) as error:
        raise StoreError(f"{path} can't be read as a CSV table: {error}") from error
    return table


def _check_head(path: Path, names: list[str]) -> None:
    """Raises StoreError for columns that pandas would rename or not tell apart."""
    twice = [name for k, name in enumerate(names) if name in names[:k]]
    if twice:
        raise StoreError(f"{path}: two columns are called '{twice[0]}'; rename or remove one")
    odd = next((sign for sign in (";", "\t") if len(names) == 1 and sign in names[0]), None)
    if odd:
        raise StoreError(
            f"{path}: columns are separated by {odd!r}; write it with commas between columns and "
            "points in numbers"
        )
