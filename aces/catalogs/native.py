"""Our own catalogue format, in three spellings that hold the same.

A file has one row per product. Its columns:

| column | holds |
|---|---|
| `id` | letters, digits and `. _ -`; required |
| `category`, `brand` | text |
| `attributes`, `specification` | map of name to text, such as `{"colour": "black"}` |
| `options` | list: `name`, `values` (each `value`, `price_factor`, `swatch`, `picture`) |
| `sold_out` | list of maps of option to value |
| `reviews` | list: `stars`, `title`, `text`, `author`, `date`, `helpful`, ... |
| `title` | text; required |
| `description`, `seller` | text |
| `bullets` | list of texts |
| `price`, `list_price` | in major units, such as `19.99`; the price is required |
| `rating` | from 0 to 5, or empty |
| `review_count`, `stock`, `delivery_days` | counts; 0, 100 and 5 where empty |
| `shipping` | what delivery costs, in major units; 0 where empty |
| `offers` | list: `seller`, `price_factor`, `delivery_days`, `shipping_cents`, ... |
| `pictures` | list of files, relative to the folder `<stem>_pictures` beside the file |
| `marks` | list of marks, each with `kind`, `text`, `look`, `place`, `value` |
| `drawn` | list of the columns whose value was drawn at random |

In `.csv` and `.parquet`, lists and maps are JSON text, and more columns say the same in each row:
`catalog` (its name), `currency`, `drawn_seed`, `sellers`, `categories`. In `.json` these stand
once, at the top: `{"format": "aces-catalog", "name": ..., "products": [rows], ...}`.
`sellers` is a list of sellers, `categories` a map of category to `title` and `department`.
Shelves that the source showed itself stand in the folder `<stem>_shelves` beside the file.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from aces.catalog import Catalog
from aces.catalog_builder import COLUMNS, MONEY, CatalogBuilder
from aces.errors import CatalogError
from aces.given_shelves import read_shelves, write_shelves
from aces.money import minor_digits
from aces.types import Category, Seller

FORMAT = "aces-catalog"
REQUIRED = {"id", "title", "price"}
ABOUT = ("catalog", "currency", "drawn_seed", "sellers", "categories")

Row = dict[str, Any]
G = TypeVar("G", bound="list[Any] | dict[str, Any]")


class NativeImporter:
    """Our own: .csv or .parquet with columns id, title, price, ..., or .json of the same rows."""

    def recognises(self, path: Path) -> bool:
        """Returns whether the file has our ending and our columns."""
        if not path.is_file():
            return False
        match path.suffix:
            case ".json":
                with path.open(encoding="utf-8-sig", errors="replace") as file:
                    return f'"{FORMAT}"' in file.read(200)
            case ".csv":
                return _csv_columns(path) >= REQUIRED
            case ".parquet":
                return _parquet_columns(path) >= REQUIRED
        return False

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken rows are problems.
        """
        readers = {".json": _read_json, ".csv": _read_csv, ".parquet": _read_parquet}
        try:
            about, rows = readers[_suffix(path)](path)
            shelves, screenshots = read_shelves(_shelves_folder(path))
            return replace(_build(path, about, rows), shelves=shelves, screenshots=screenshots)
        except (ValueError, OSError, csv.Error) as error:
            raise CatalogError(f"catalogue '{path}' can't be read: {error}") from error

    def write(self, catalog: Catalog, path: Path) -> None:
        """Writes a catalogue, and its pictures beside it."""
        writers = {".json": _write_json, ".csv": _write_csv, ".parquet": _write_parquet}
        write = writers[_suffix(path)]
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, _about_catalog(catalog), list(_rows(catalog)))
        folder = _pictures_folder(path)
        for key in catalog.pictures:
            folder.mkdir(exist_ok=True)
            (folder / key).write_bytes(catalog.picture(key)[0])
        if catalog.shelves:
            write_shelves(catalog.shelves, catalog.screenshots, _shelves_folder(path))


def _suffix(path: Path) -> str:
    if path.suffix not in (".json", ".csv", ".parquet"):
        raise CatalogError(f"'{path}' ends in none of .json, .csv, .parquet")
    return path.suffix


def _pictures_folder(path: Path) -> Path:
    return path.with_name(f"{path.stem}_pictures")


def _shelves_folder(path: Path) -> Path:
    return path.with_name(f"{path.stem}_shelves")


def _build(path: Path, about: Row, rows: list[tuple[str, Row]]) -> Catalog:
    builder = CatalogBuilder(
        name=str(about.get("name") or path.stem),
        currency=str(about.get("currency") or "USD"),
        folder=_pictures_folder(path),
        drawn_seed=_seed(about.get("drawn_seed")),
    )
    for seller in _given(about.get("sellers"), list):
        builder.add_seller(Seller.model_validate(seller))
    for name, category in _given(about.get("categories"), dict).items():
        builder.add_category(name, Category.model_validate(category))
    columns = dict.fromkeys(column for _, row in rows for column in row)
    builder.report_unknown_columns("header", (name for name in columns if name not in ABOUT))
    for where, row in rows:
        currency = row.get("currency") or builder.currency
        if currency == builder.currency:
            builder.add(where, row)
        else:
            reason = f"is not the catalogue's {builder.currency}; row left out"
            id = str(row.get("id") or "")
            builder.report(where, "currency", currency, reason, product_id=id, left_out=True)
    return builder.build()


def _about_catalog(catalog: Catalog) -> Row:
    return {
        "name": catalog.name,
        "currency": catalog.currency,
        "drawn_seed": catalog.drawn_seed,
        "sellers": [seller.model_dump(mode="json") for seller in catalog.sellers.values()],
        "categories": {
            name: category.model_dump(mode="json") for name, category in catalog.about.items()
        },
    }


def _given(found: Any, kind: type[G]) -> G:  # noqa: ANN401
    """A list or map as such or as JSON text; empty where there is none."""
    value = json.loads(found) if isinstance(found, str) and found else found
    return value if isinstance(value, kind) else kind()


def _seed(found: object) -> int | None:
    """The seed as a number; none where the cell is empty or holds something else."""
    text = str(found)
    return int(text) if text.removeprefix("-").isdecimal() else None


def _rows(catalog: Catalog) -> Iterator[Row]:
    """The catalogue's rows in the order of `COLUMNS`, prices as exact decimals."""
    digits = minor_digits(catalog.currency)
    for id, product in catalog.products.items():
        listing = catalog.listings[id].model_dump(mode="json")
        cents = {name: listing.pop(f"{name}_cents") for name in MONEY}
        values = {
            **product.model_dump(mode="json"),
            **listing,
            **{
                name: None if c is None else Decimal(c).scaleb(-digits) for name, c in cents.items()
            },
            "drawn": list(catalog.drawn.get(id, ())),
        }
        yield {column: values[column] for column in COLUMNS}


def _flat(about: Row, row: Row) -> Row:
    """A row of text and numbers only, with what else a table must say in each row."""
    whole = {**row, "catalog": about["name"], **{key: about[key] for key in ABOUT[1:]}}
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        for name, value in whole.items()
    }


def _about(rows: list[tuple[str, Row]]) -> Row:
    """What a table says of the whole catalogue, by its first row."""
    first = rows[0][1] if rows else {}
    return {"name": first.get("catalog"), **{key: first.get(key) for key in ABOUT[1:]}}


def _read_json(path: Path) -> tuple[Row, list[tuple[str, Row]]]:
    content = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    products = content.get("products") if isinstance(content, dict) else None
    if not isinstance(products, list) or not all(isinstance(row, dict) for row in products):
        raise ValueError('it is not {"products": [...]} with one object per product')
    return content, [(f"row {number}", row) for number, row in enumerate(products, start=1)]


def _write_json(path: Path, about: Row, rows: list[Row]) -> None:
    content = {"format": FORMAT, **about, "products": rows}
    text = json.dumps(content, ensure_ascii=False, indent=1, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _csv_columns(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return set(next(csv.reader(file), []))


def _read_csv(path: Path) -> tuple[Row, list[tuple[str, Row]]]:
    rows: list[tuple[str, Row]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        line = reader.line_num + 1  # a row may span lines: the first is where it stands
        for cells in reader:
            if cells:  # a blank line is no row
                rows.append((f"line {line}", dict(zip(header, cells, strict=False))))
            line = reader.line_num + 1
    return _about(rows), rows


def _write_csv(path: Path, about: Row, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *ABOUT])
        writer.writeheader()
        writer.writerows(_flat(about, row) for row in rows)


def _parquet_columns(path: Path) -> set[str]:
    import pyarrow
    import pyarrow.parquet

    try:
        return set(pyarrow.parquet.read_schema(path).names)
    except pyarrow.ArrowInvalid:
        return set()


def _read_parquet(path: Path) -> tuple[Row, list[tuple[str, Row]]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path).to_pylist()
    rows = [(f"row {number}", row) for number, row in enumerate(table, start=1)]
    return _about(rows), rows


def _write_parquet(path: Path, about: Row, rows: list[Row]) -> None:
    import pyarrow
    import pyarrow.parquet

    price = pyarrow.decimal128(18, minor_digits(about["currency"]))
    integer, real = pyarrow.int64(), pyarrow.float64()
    types = dict.fromkeys(MONEY, price) | {"rating": real, "drawn_seed": integer}
    types |= dict.fromkeys(("review_count", "stock", "delivery_days"), integer)
    names = [*COLUMNS, *ABOUT]
    schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in names])
    table = pyarrow.Table.from_pylist([_flat(about, row) for row in rows], schema=schema)
    pyarrow.parquet.write_table(table, path)
