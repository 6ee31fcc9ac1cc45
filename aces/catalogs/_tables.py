"""Files of other people as rows: what can't be read is reported, and never stops the rest."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from aces.errors import CatalogError

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]
Report = Callable[[str, str, object, str], None]
"""Takes place, column, what was found and the reason; the row is left out."""

LARGEST_CELL = 10_000_000
_END = "\ufdd0"
"""A last line of our own: where a quote is left open, it is swallowed."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns whatever is wrong with a file as a whole into a CatalogError that names it."""
    from yaml import YAMLError

    try:
        yield
    except (ValueError, OSError, EOFError, LookupError, SyntaxError, RecursionError) as error:
        raise CatalogError(f"catalogue '{path}' can't be read: {error}") from error
    except (csv.Error, YAMLError, zlib.error) as error:
        raise CatalogError(f"catalogue '{path}' can't be read: {error}") from error


def glance(path: Path, size: int = 4000) -> str:
    """Returns the first characters of a file, unpacked; empty where there are none."""
    if not path.is_file():
        return ""
    try:
        with _opened(path) as file:
            return _decoded(file.read(size), "utf-8")
    except (OSError, EOFError, zlib.error):
        return ""


def header(path: Path, delimiter: str = ",") -> set[str]:
    """Returns the columns of a table of text, at a glance."""
    lines = glance(path).splitlines()
    return {cell.strip() for cell in next(csv.reader(lines[:1], delimiter=delimiter), [])}


def parquet_columns(path: Path) -> set[str]:
    """Returns the columns of a Parquet file; none where it is no such file."""
    import pyarrow
    import pyarrow.parquet

    try:
        return set(pyarrow.parquet.read_schema(path).names)
    except (pyarrow.ArrowInvalid, OSError):
        return set()


def text_of(path: Path, encoding: str) -> str:
    """Returns a file's text; bytes that are not in the encoding become U+FFFD."""
    with _opened(path) as file:
        return _decoded(file.read(), encoding)


def csv_rows(path: Path, encoding: str, report: Report, delimiter: str = ",") -> Rows:
    """Yields the rows of a table of text; a row may span lines, and the first is named."""
    csv.field_size_limit(LARGEST_CELL)
    text = text_of(path, encoding)
    ended = text if text.endswith(("\n", "\r")) else f"{text}\n"
    reader = csv.reader(io.StringIO(ended + _END, newline=""), delimiter=delimiter)
    columns = [cell.strip() for cell in next(reader, [])]
    total = ended.count("\n")
    line = reader.line_num + 1
    place = ""
    for cells in reader:
        if cells == [_END]:
            return
        last = min(reader.line_num, total)
        place = f"line {line}" if line == last else f"lines {line} to {last}"
        spare = [cell for cell in cells[len(columns) :] if cell]
        if cells and (spare or len(cells) < len(columns)):
            counted = f"{len(cells)} cells"
            report(place, "row", counted, f"where the header has {len(columns)}; row left out")
        elif cells:
            yield f"line {line}", dict(zip(columns, cells, strict=False))
        line = reader.line_num + 1
    report(place, "row", '"', "opens a quote that nothing closes; rows may be lost here")


def jsonl_rows(path: Path, encoding: str, report: Report) -> Rows:
    """Yields the objects of a file with one on each line."""
    with _opened(path) as file:
        for number, raw in enumerate(file, start=1):
            line = _decoded(raw, encoding).strip()
            if line:
                yield from _object(f"line {number}", line, report)


def json_of(text: str) -> Any:  # noqa: ANN401
    """Returns what JSON text says, with exact decimals.

    Raises:
        ValueError: If it is not JSON.
    """
    return json.loads(text, parse_float=Decimal)


def listed(found: object, report: Report) -> Rows:
    """Yields the objects of a list.

    Raises:
        ValueError: If it is no list.
    """
    if not isinstance(found, list):
        raise ValueError("it is not a list of products")
    for number, row in enumerate(found, start=1):
        if isinstance(row, dict):
            yield f"row {number}", {str(key): value for key, value in row.items()}
        else:
            report(f"row {number}", "row", row, "is not an object; row left out")


def parquet_rows(paths: Iterable[Path], columns: Iterable[str] | None = None) -> Rows:
    """Yields the rows of Parquet files, batch by batch; of all columns if none are named."""
    import pyarrow.parquet

    number = 0
    for path in paths:
        file = pyarrow.parquet.ParquetFile(path)
        wanted = None if columns is None else [c for c in file.schema_arrow.names if c in columns]
        for batch in file.iter_batches(batch_size=256, columns=wanted):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row


def table_rows(path: Path, encoding: str, report: Report) -> Rows:
    """Yields the rows of a `.csv`, `.tsv` or `.parquet` file, or of a folder of Parquet files."""
    if path.is_dir():
        return parquet_rows(sorted(path.rglob("*.parquet")))
    if path.suffix == ".parquet":
        return parquet_rows([path])
    delimiter = "\t" if path.suffix in (".tsv", ".txt") else ","
    return csv_rows(path, encoding, report, delimiter)


def table_columns(path: Path) -> set[str]:
    """Returns the columns that `table_rows` would find, at a glance."""
    if path.is_dir():
        first = next(iter(sorted(path.rglob("*.parquet"))), None)
        return parquet_columns(first) if first else set()
    if path.suffix == ".parquet":
        return parquet_columns(path)
    if path.suffix in (".csv", ".tsv", ".txt"):
        return header(path, "," if path.suffix == ".csv" else "\t")
    return set()


def beside(path: Path, name: str) -> Path | None:
    """Returns the file of that name in the same folder, or the folder's own; None if missing."""
    file = (path if path.is_dir() else path.parent) / name
    return file if file.is_file() else None


def peeked(rows: Rows) -> tuple[Mapping[str, Any], Rows]:
    """Returns the first row and all rows; an empty one where there are none."""
    first = next(rows, None)
    return ({}, rows) if first is None else (first[1], chain([first], rows))


def _object(place: str, line: str, report: Report) -> Rows:
    try:
        found = json_of(line)
    except (ValueError, RecursionError):
        report(place, "row", line, "is not JSON; row left out")
        return
    if isinstance(found, dict):
        yield place, found
    else:
        report(place, "row", line, "is not an object; row left out")


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _decoded(content: bytes, encoding: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    text = content.decode(encoding, "replace")
    return text.removeprefix("\ufeff")
