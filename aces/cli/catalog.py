"""`aces catalog import` and `show`."""

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
) -> None:
    """Convert a catalogue to ACES's own format, pictures included."""
    from aces.catalog import load_catalog, write_catalog

    catalog = load_catalog(source)
    write_catalog(catalog, out)
    _show_problems(catalog)
    say(f"wrote {len(catalog.products)} products to {out}")
    next_step(f"aces catalog show {out}")


@app.command("show", epilog="Example: aces catalog show demo")
def show(source: Source) -> None:
    """Show categories, price ranges and every problem."""
    from aces.catalog import load_catalog

    catalog = load_catalog(source)
    rows = []
    for category, count in catalog.categories().items():
        listings = [catalog.listings[i] for i in catalog.slice(category)]
        prices = sorted(item.price_cents for item in listings)
        pictured = sum(bool(item.pictures) for item in listings)
        spread = f"{prices[0] / 100:.2f} – {prices[-1] / 100:.2f}"
        rows.append((category, count, spread, pictured))
    show_table(("category", "products", f"prices, {catalog.currency}", "with picture"), rows)
    if catalog.drawn:
        fields = sorted({field for fields in catalog.drawn.values() for field in fields})
        say(f"\ndrawn, not given by the source (seed {catalog.drawn_seed}): {', '.join(fields)}")
    _show_problems(catalog)
    next_step(f"aces shop --catalog {source}")


def _show_problems(catalog: "Catalog") -> None:
    if not catalog.problems:
        return
    console.print(f"\n[yellow]{len(catalog.problems)} problems[/]")
    for problem in catalog.problems:
        console.print(f"  {problem}", markup=False, soft_wrap=True)
