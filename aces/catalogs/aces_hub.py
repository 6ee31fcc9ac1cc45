"""The ACES experiments as published (ACE-BB, ACE-RS, ACE-SR): Parquet or CSV, or by hub id.

A row is one experiment with sequences of eight products, or one product of an experiment in long
tables such as the aggregated results. Products come with the values they had before treatment;
every experiment is kept as a given shelf, exactly as it was shown, with its screenshot.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from aces.catalog import Catalog
from aces.catalog_builder import UnusableError, picture_digest
from aces.catalogs import _cleaning as clean
from aces.catalogs._aces_trials import Trial, long_trials, shelf_of, wide_trial
from aces.catalogs._intake import Format, ImportOptions, Intake, with_shelves
from aces.catalogs._tables import csv_rows, parquet_rows, reading, table_columns
from aces.errors import CatalogError
from aces.given_shelves import GivenShelf
from aces.pictures import PictureError, kind_of

NAMES = {"id": "sku", "review_count": "rating_count", "category": "query", "urls": "image_url"}
COLUMNS = {"query", "experiment_label", "experiment_number", "title", "price", "assigned_position"}


class AcesHubImporter:
    """ACES's published trials: .parquet, .csv, a folder, or a hub id (My-Custom-AI/ACE-BB)."""

    remote = True
    """A source that is no path is looked for on the hub."""

    class Config(ImportOptions):
        """Parameters."""

        subset: str = ""
        """Only files whose path holds this: `choice_behavior`, `market_share`, ..."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether the file, or the folder's first, has the columns of ACES's data."""
        return any(table_columns(file) >= COLUMNS for file in self._files(path)[:1])

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue; `limit` counts experiments.

        Raises:
            CatalogError: If a file is broken as a whole, or the hub can't be reached.
        """
        if not path.exists():
            path = _downloaded(path.as_posix(), self.options.subset)
        intake = Intake(Format("aces-hub", NAMES), path.parent, self.options)
        screenshots: dict[str, Any] = {}
        with reading(path):
            files = self._files(path)
            trials = list(islice(self._trials(files, intake, screenshots), self.options.limit))
        if len(trials) == self.options.limit:
            reason = "experiments are taken, as `limit` says; the rest is not read"
            intake.report(trials[-1].where, "limit", len(trials), reason)
        named = [_with_ids(trial) for trial in trials]
        _take_products(intake, named)
        catalog = intake.finish()
        shelves = tuple(_shelves(catalog, intake, named))
        kept = {shelf.screenshot for shelf in shelves}
        pictures = {key: load for key, load in screenshots.items() if key in kept}
        return with_shelves(catalog, intake, shelves=shelves, screenshots=pictures)

    def _files(self, path: Path) -> list[Path]:
        if path.is_file():
            return [path]
        found = [f for f in sorted(path.rglob("*")) if f.suffix in (".parquet", ".csv")]
        return [f for f in found if self.options.subset in f.relative_to(path).as_posix()]

    def _trials(
        self, files: list[Path], intake: Intake, screenshots: dict[str, Any]
    ) -> Iterator[Trial]:
        for file in files:
            prefix = f"{file.parent.name}/" if len(files) > 1 else ""
            if file.suffix == ".csv":
                rows = csv_rows(file, self.options.encoding, intake.report)
                yield from long_trials(rows, prefix)
                continue
            if "screenshot" not in table_columns(file):
                yield from _from_parquet(file, prefix)
                continue
            for index, trial in enumerate(_from_parquet(file, prefix)):
                key = _screenshot_key(trial, intake)
                if key:
                    screenshots[key] = partial(_screenshot, file, index)
                yield replace(trial, screenshot=key)


def _from_parquet(file: Path, prefix: str) -> Iterator[Trial]:
    rows = parquet_rows([file])
    first = next(rows, None)
    if first is None:
        return
    wide = isinstance(first[1].get("title"), list)

    def all_rows() -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield first
        yield from rows

    if wide:
        yield from (wide_trial(where, row, prefix) for where, row in all_rows())
    else:
        yield from long_trials(all_rows(), prefix)


def _screenshot_key(trial: Trial, intake: Intake) -> str:
    """The key of a stored screenshot, whose bytes are let go again: a file may hold gigabytes."""
    content = trial.screenshot if isinstance(trial.screenshot, bytes) else b""
    try:
        return f"{picture_digest(content)}.{kind_of(content)}" if content else ""
    except PictureError as fault:
        intake.report(trial.where, "screenshot", f"{len(content)} bytes", str(fault))
        return ""


def _screenshot(file: Path, index: int) -> bytes:
    """The screenshot of one row, read again from its file."""
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(file)
    for group in range(table.num_row_groups):
        size = table.metadata.row_group(group).num_rows
        if index < size:
            return bytes(_screenshots(file, group)[index].as_py()["bytes"])
        index -= size
    raise CatalogError(f"{file} has fewer rows than when it was read first")


@lru_cache(maxsize=1)
def _screenshots(file: Path, group: int) -> Any:  # noqa: ANN401
    """The screenshots of one group of rows: they are asked for one after another."""
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(file)
    return table.read_row_group(group, columns=["screenshot"]).column(0)


def _with_ids(trial: Trial) -> tuple[Trial, list[str]]:
    """The trial with its products' ids; a product that stands there twice gets one for each."""
    ids: list[str] = []
    for row in trial.rows:
        found = (row.get(name) for name in ("sku", "id", "url", "title"))
        id = clean.product_id(next((each for each in found if not clean.missing(each)), ""))
        times = sum(known == id or known.startswith(f"{id[:70]}.copy") for known in ids)
        ids.append(f"{id[:70]}.copy{times + 1}" if id and times else id)
    return trial, ids


def _take_products(intake: Intake, named: list[tuple[Trial, list[str]]]) -> None:
    """Takes each product once, with its values before treatment where the source has them."""
    seen: set[str] = set()
    for trial, ids in named:
        for id, row in zip(ids, trial.rows, strict=True):
            if id in seen:
                continue
            seen.add(id)
            before = {
                name: row[name]
                if clean.missing(row.get(f"original_{name}"))
                else row[f"original_{name}"]
                for name in ("price", "rating", "rating_count")
                if name in row
            }
            product = {
                "id": id,
                "category": str(trial.query).replace("_", " ").capitalize(),
                "title": row.get("title"),
                "price": _cents(before.get("price")),
                "rating": before.get("rating"),
                "review_count": before.get("rating_count"),
                "urls": [row.get("image_url")],
            }
            intake.take(trial.where, product)


def _cents(found: object) -> object:
    """The price rounded as the page showed it; what is no number stays for the report."""
    try:
        return round(clean.money(found)[0], 2)
    except UnusableError:
        return found


def _shelves(
    catalog: Catalog, intake: Intake, named: list[tuple[Trial, list[str]]]
) -> Iterator[GivenShelf]:
    """A shelf of each experiment; the same one chosen from by several models is one shelf."""
    found: dict[str, GivenShelf] = {}
    for trial, ids in named:
        try:
            shelf = shelf_of(trial, ids, catalog)
        except UnusableError as fault:
            intake.report(trial.where, "shelf", trial.id, str(fault))
            continue
        known = found.get(shelf.id)
        if known is None:
            found[shelf.id] = shelf
        elif known.listings == shelf.listings:
            found[shelf.id] = known.model_copy(update={"chosen": {**known.chosen, **shelf.chosen}})
        else:
            reason = "shows other listings than before under the same number; shelf left out"
            intake.report(trial.where, "experiment_number", trial.id, reason)
    return iter(found.values())


def _downloaded(id: str, subset: str) -> Path:
    """The folder of a data set from the hub, fetched once."""
    command = f"hf download {id} --repo-type dataset --local-dir {id.rpartition('/')[2]}"
    by_hand = f"Fetch it yourself, `{command}`, and give the folder"
    try:
        from huggingface_hub import (  # type: ignore[import-not-found, unused-ignore]
            snapshot_download,
        )
    except ImportError:
        raise CatalogError(
            f"there is no file '{id}', and without the package huggingface_hub no data set is "
            f"fetched (`pip install huggingface_hub`). {by_hand}"
        ) from None
    patterns = [f"*{subset}*"] if subset else ["*.parquet", "*.csv"]
    try:
        return Path(snapshot_download(id, repo_type="dataset", allow_patterns=patterns))
    except (OSError, ValueError) as error:
        raise CatalogError(f"'{id}' can't be fetched from the hub: {error}. {by_hand}") from error
