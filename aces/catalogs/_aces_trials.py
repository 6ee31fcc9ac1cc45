"""Experiments of the ACES data, in either layout, as given shelves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aces.catalog import Catalog
from aces.catalog_builder import UnusableError
from aces.catalogs import _cleaning as clean
from aces.given_shelves import GivenShelf
from aces.money import minor_digits
from aces.types import Listing, Mark

Row = Mapping[str, Any]

MARKS = (
    Mark(kind="sponsored", text="Sponsored", look="quiet", place="title"),
    Mark(kind="overall_pick", text="Overall Pick", look="badge", place="image"),
    Mark(kind="best_seller", text="Best Seller", look="ribbon", place="image"),
    Mark(kind="limited_time", text="Limited time deal", look="flag", place="price"),
    Mark(kind="discounted", text="Discounted", look="flag", place="price"),
)
"""The tags of the ACES page, worded as our shop words them."""
SCARCE = Mark(kind="scarcity", text="Only {value} left in stock", look="notice", place="delivery")
LOW_STOCK = 4
"""At this many or fewer our shop says so by itself."""

INSTRUCTIONS = ("brand", "color", "cheapest", "budget")
FACTS = (
    *("desired_choice", "selected", "position_in_experiment", "stock_quantity"),
    *("original_price", "original_rating", "original_rating_count", "sku", "url", "image_url"),
)
"""What is kept of each listing and was not on the page."""


@dataclass(frozen=True)
class Trial:
    """One experiment, its products in the order of the source.

    Attributes:
        where: Its first row in the source.
        id: `choice_behavior/mousepad/control/17`, unless models saw different shelves.
        query: What was searched for, as the source writes it.
        group: The experiment's label.
        rows: One of each product.
        model: Who chose, where the source says so.
        screenshot: Its bytes as stored; later its key.
    """

    where: str
    id: str
    query: str
    group: str
    rows: tuple[Row, ...]
    model: str = ""
    screenshot: bytes | str = ""


def wide_trial(where: str, row: Row, prefix: str) -> Trial:
    """Returns the experiment of a row with sequences."""
    columns = {name: value for name, value in row.items() if isinstance(value, list)}
    scalars = {name: row[name] for name in (*INSTRUCTIONS, "selected") if name in row}
    shared = {k: v for k, v in scalars.items() if not isinstance(v, list)}
    size = max((len(values) for values in columns.values()), default=0)
    rows = tuple(
        shared | {name: values[i] if i < len(values) else None for name, values in columns.items()}
        for i in range(size)
    )
    stored = row.get("screenshot")
    screenshot = stored.get("bytes") if isinstance(stored, dict) else stored
    return Trial(*_named(where, row, prefix), rows=rows, screenshot=screenshot or "")


def long_trials(rows: Iterable[tuple[str, Row]], prefix: str) -> Iterator[Trial]:
    """Yields the experiments of a table with one row per product, in order of their first rows."""
    found: dict[tuple[str, ...], list[tuple[str, Row]]] = {}
    for where, row in rows:
        key = ("query", "experiment_label", "experiment_number", "model_name")
        found.setdefault(tuple(str(row.get(name)) for name in key), []).append((where, row))
    for group in found.values():
        where, first = group[0]
        model = "" if clean.missing(first.get("model_name")) else str(first["model_name"])
        yield Trial(*_named(where, first, prefix), rows=tuple(row for _, row in group), model=model)


def _named(where: str, row: Row, prefix: str) -> tuple[str, str, str, str]:
    query, label = str(row.get("query") or ""), str(row.get("experiment_label") or "")
    return where, f"{prefix}{query}/{label}/{row.get('experiment_number')}", query, label


def shelf_of(trial: Trial, ids: list[str], catalog: Catalog) -> GivenShelf:
    """Returns the shelf as it was shown, position 1 first.

    Raises:
        UnusableError: If it can't be shown exactly so again.
    """
    order = _order(trial)
    digits = minor_digits(catalog.currency)
    listings = [_listing(catalog, ids[i], trial.rows[i], digits) for i in order]
    first = trial.rows[0]
    told = {k: str(first[k]) for k in INSTRUCTIONS if _says_something(first.get(k))}
    return GivenShelf(
        id=trial.id,
        kind="trial",
        category=catalog.products[ids[0]].category,
        query=trial.query,
        group=trial.group,
        listings=tuple(listings),
        instruction=told,
        facts=tuple(_facts(trial.rows[i]) for i in order),
        chosen=_chosen(trial, ids),
        screenshot=str(trial.screenshot),
    )


def _says_something(found: object) -> bool:
    return not clean.missing(found) and str(found).lower() not in ("false", "0")


def _order(trial: Trial) -> list[int]:
    """The rows by position."""
    places = [clean.count(row.get("assigned_position"), 0, lambda _: None) for row in trial.rows]
    numbers = [place for place in places if isinstance(place, int)]
    if len(set(numbers)) != len(trial.rows):
        raise UnusableError("has no place of its own for each product; shelf left out")
    return sorted(range(len(numbers)), key=lambda i: numbers[i])


def _listing(catalog: Catalog, id: str, row: Row, digits: int) -> Listing:
    if id not in catalog.listings:
        raise UnusableError(f"shows a product that could not be used, {id}; shelf left out")
    tags = [mark for mark in MARKS if _flag(row, mark.kind)]
    left = clean.count(row.get("stock_quantity"), 100, lambda _: None)
    stock = left if isinstance(left, int) and left > LOW_STOCK else 100
    if _flag(row, "low_stock"):
        if not isinstance(left, int) or left < 1:
            raise UnusableError("is low in stock without saying how low; shelf left out")
        stock = left
        tags += [SCARCE.model_copy(update={"value": left})] * (left > LOW_STOCK)
    return catalog.listings[id].model_copy(
        update={
            "title": clean.line(row.get("title"), lambda _: None) or catalog.listings[id].title,
            "price_cents": int(round(clean.money(row.get("price"))[0], digits).scaleb(digits)),
            "rating": clean.stars(row.get("rating"), 5, lambda _: None),
            "review_count": _whole(row.get("rating_count")),
            "stock": stock,
            "marks": tuple(tags),
        }
    )


def _whole(found: object) -> int:
    value = clean.count(found, 0, lambda _: None)
    if not isinstance(value, int):
        raise UnusableError("has a rating_count that is no count; shelf left out")
    return value


def _flag(row: Row, name: str) -> bool:
    found = str(row.get(name, False)).strip().lower()
    if found not in ("true", "false", "1", "0", "1.0", "0.0", "none", "nan", ""):
        raise UnusableError(f"says '{found}' where {name} is true or false; shelf left out")
    return found in ("true", "1", "1.0")


def _facts(row: Row) -> dict[str, Any]:
    known = {name: row[name] for name in FACTS if not clean.missing(row.get(name))}
    price = clean.money(row.get("price"))[0]
    if price != round(price, 2):
        known["price"] = float(price)  # the page showed it rounded
    return {k: v if isinstance(v, str | bool | int | float) else str(v) for k, v in known.items()}


def _chosen(trial: Trial, ids: list[str]) -> dict[str, str]:
    """Who chose what; a trial that ended without a choice has an empty product."""
    if "selected" not in trial.rows[0]:
        return {}
    marks = [clean.count(row.get("selected"), 0, lambda _: None) for row in trial.rows]
    if any(str(row.get("selected")).startswith("-") for row in trial.rows):
        return {trial.model or "published": ""}  # ambiguous there: no product is known
    picked = [id for id, mark in zip(ids, marks, strict=True) if mark in (1, 2)]
    return {trial.model or "published": picked[0] if len(picked) == 1 else ""}
