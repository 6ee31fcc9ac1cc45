"""What treatments need beside their parameters: the catalogue, and tables of the user's own."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.design import Declaration
from aces.errors import SpecError
from aces.spec import ExperimentSpec
from marketplace.treatments import TREATMENTS


def declaration_of(
    spec: ExperimentSpec, catalog: Catalog, ids: Sequence[str], index: int
) -> Declaration:
    """Returns how a treatment is drawn.

    Args:
        spec: The experiment.
        catalog: What is sold.
        ids: The products that may be shown.
        index: Of the treatment.

    Raises:
        SpecError: If a file that it names can't be used.
    """
    entry = spec.treatments[index]
    treatment: Any = TREATMENTS.build(entry.use, dict(entry.parameters))
    where = spec.where("treatments", index)
    found: Declaration
    if hasattr(treatment, "declare_from"):
        try:
            found = treatment.declare_from(
                catalog, ids, lambda name, columns: read_rows(spec, name, columns, where)
            )
        except ValueError as error:
            raise SpecError(f"{where}: {error}") from error
    else:
        found = treatment.declare()
    return found


def read_rows(
    spec: ExperimentSpec, name: str, columns: Sequence[str], where: str
) -> list[dict[str, str]]:
    """Returns the rows of a CSV file.

    Args:
        spec: Whose folder and catalogue it may lie beside.
        name: Path of the file.
        columns: That it must have.
        where: Place in the experiment, for messages.

    Raises:
        SpecError: If there is none, or a column is missing.
    """
    path = _found(spec, name, where)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpecError(f"{where}: {path} can't be read: {error}") from error
    missing = [column for column in columns if not rows or column not in rows[0]]
    if missing:
        raise SpecError(f"{where}: {path} has no column '{missing[0]}', or no rows")
    return [{key: value or "" for key, value in row.items() if key} for row in rows]


def _found(spec: ExperimentSpec, name: str, where: str) -> Path:
    catalog = Path(spec.catalog.partition("?")[0].rpartition(":")[2])
    folders = [Path(), *filter(None, [spec.folder])]
    for folder in list(folders):
        source = folder / catalog
        folders.append(source if source.is_dir() else source.parent)
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    looked = ", ".join(dict.fromkeys(str(folder / name) for folder in folders))
    raise SpecError(f"{where}: there is no file '{name}'; looked for {looked}")
