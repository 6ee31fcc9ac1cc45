"""`aces catalog import` and `show`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aces.cli.console import console, next_step, say, show_table

if TYPE_CHECKING:
    from aces.catalog import Catalog

app = typer.Typer(help="Read any supported catalogue format, and say what was dropped and why.")

Source = Annotated[
    str, typer.Argument(help="demo, a file, a folder, or format:path.", show_default=False)
]


@app.command("import", epilog="Example: aces catalog import products.json --out shop.parquet")
def import_(
    source: Source,
    out: Annotated[Path, typer.Option(help="FILE.json, .csv or .parquet in ACES's own format.")],
    fetch: Annotated[bool, typer.Option(help="Fetch pictures that are named by address.")] = True,
) -> None:
    """Convert a catalogue to ACES's own format, pictures included."""
    from aces.catalog import load_catalog, write_catalog

    catalog = load_catalog(source, fetch_pictures=fetch)
    write_catalog(catalog, out)
    _show_problems(catalog)
    shelves = f" and {len(catalog.shelves)} given shelves" if catalog.shelves else ""
    say(f"wrote {len(catalog.products)} products{shelves} to {out}")
    next_step(f"aces catalog show {out}")


@app.command("show", epilog="Example: aces catalog show demo")
def show(source: Source) -> None:
    """Show categories, price ranges and every problem."""
    from aces.catalog import load_catalog
    from aces.money import minor_digits

    catalog = load_catalog(source)
    digits = minor_digits(catalog.currency)
    unit = 10**digits
    rows = []
    for category, count in catalog.categories().items():
        listings = [catalog.listings[i] for i in catalog.slice(category)]
        prices = sorted(item.price_cents for item in listings)
        pictured = sum(bool(item.pictures) for item in listings)
        spread = f"{prices[0] / unit:.{digits}f} – {prices[-1] / unit:.{digits}f}"
        rows.append((category, count, spread, pictured))
    show_table(("category", "products", f"prices, {catalog.currency}", "with picture"), rows)
    if catalog.drawn:
        fields = sorted({field for fields in catalog.drawn.values() for field in fields})
        seed = "" if catalog.drawn_seed is None else f" (seed {catalog.drawn_seed})"
        say(f"\ndrawn, not given by the source{seed}: {', '.join(fields)}")
    if catalog.shelves:
        kinds = Counter(f"{shelf.kind} ({shelf.group or 'all'})" for shelf in catalog.shelves)
        say(
            "\nshelves that the source shows itself: "
            + ", ".join(f"{n} {k}" for k, n in kinds.items())
        )
    _show_problems(catalog)
    next_step(f"aces shop --catalog {source}")


def _show_problems(catalog: "Catalog") -> None:
    if not catalog.problems:
        return
    console.print(f"\n[yellow]{len(catalog.problems)} problems[/]")
    for problem in catalog.problems:
        console.print(f"  {problem}", markup=False, soft_wrap=True)
