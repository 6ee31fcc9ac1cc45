"""Real catalogues of other people, from their files to what a planted buyer takes home."""

from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from aces.catalog import Catalog, load_catalog, write_catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from aces.types import World
from experiments.executors.inline import InlineExecutor
from experiments.run import run
from marketplace.app import create_app
from marketplace.sessions import Sessions
from tests.marketplace.conftest import StubPictures, Visitor

EXPERIMENT = """\
name: imported
seed: 3
catalog: {source}
tasks:
  - {{id: first, category: {category}}}
shelf: {{size: {size}, columns: 4}}
treatments:
  - {{use: position}}
  - {{use: price, sigma: 0.3}}
buyers:
  - {{use: cheapest}}
  - {{use: utility, name: planted, coefficients: {{log_price: -2.0, row_1: 0.5}}}}
interface: json
worlds_per_task: 2
"""
SOURCES = {
    "dummyjson": ("catalogue-dummyjson/products.json", "kitchen_accessories", 8),
    "aws_retail": ("catalogue-aws-retail-demo/products.yaml.gz", "watch", 8),
    "abxlab": ("catalogue-abxlab", "digital_cameras", 8),
    "aces_hub": ("aces-fixture/test_parallel_dataset.csv", "mousepad", 8),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_real_catalogue_is_imported_and_shopped_in(
    name: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place, category, size = SOURCES[name]
    catalog = load_catalog(shared / "data" / place)
    chosen = catalog.subset(catalog.slice(category))
    own = tmp_path / "own.parquet"
    write_catalog(chosen, own)
    imported = load_catalog(own)
    assert imported == chosen
    path = tmp_path / "imported.yaml"
    path.write_text(EXPERIMENT.format(source=own, category=category, size=size))
    spec = read_experiment(path)
    run(spec, imported, tmp_path / "run", InlineExecutor())
    bought = _bought(tmp_path / "run")
    assert len(bought) == 4
    assert set(bought) <= set(catalog.slice(category, size))
    _check_titles(tmp_path / "run", catalog)


def _bought(folder: Path) -> list[str]:
    with RunStore.open(folder) as store:
        rows = store.db.execute(
            "SELECT product_id FROM outcomes WHERE status = 'chosen' ORDER BY trial_id"
        ).fetchall()
    return [row[0] for row in rows]


def _check_titles(folder: Path, catalog: Catalog) -> None:
    """The run's own copy says what the source said."""
    with RunStore.open(folder) as store:
        rows = store.db.execute("SELECT product_id, listing FROM products").fetchall()
    assert rows
    for product_id, listing in rows:
        assert listing == catalog.listings[product_id].model_dump_json()


def _published(path: Path) -> Catalog:
    """One experiment in the layout of the ACES hub, its products in another order than shown."""
    columns = {
        "sku": ["S0", "S1", "S2"],
        "title": ["Stapler zero", "Stapler one", "Stapler two"],
        "price": [10.5, 11.25, 12.0],
        "rating": [4.1, 4.5, 3.9],
        "rating_count": [100, 2000, 30],
        "sponsored": [False, True, False],
        "low_stock": [True, False, False],
        "stock_quantity": [3, 2, 40],
        "assigned_position": [2, 0, 1],
        "original_price": [20.0, 20.0, 20.0],
    }
    row = columns | {"query": "stapler", "experiment_label": "v3", "experiment_number": 7}
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([row]), path)
    return load_catalog(path)


def test_a_published_trial_is_shown_again_as_it_was(tmp_path: Path) -> None:
    catalog = _published(tmp_path / "trials.parquet")
    (shelf,) = catalog.shelves
    world = World(
        id="again",
        task_id="stapler",
        k=0,
        query=shelf.query,
        listings=shelf.listings,
        products={each.product_id: catalog.products[each.product_id] for each in shelf.listings},
        currency=catalog.currency,
    )
    sessions = Sessions(catalog)
    visitor = Visitor(create_app(sessions, StubPictures()), sessions.admit(world))
    results = visitor.api("GET", "/api/search?q=stapler")["results"]
    assert [each["title"] for each in results] == ["Stapler one", "Stapler two", "Stapler zero"]
    assert [each["price"] for each in results] == ["11.25", "12.00", "10.50"]
    text = visitor.read("/search?q=stapler").text
    places = [text.index(f"Stapler {name}") for name in ("one", "two", "zero")]
    assert places == sorted(places)
    assert text.count("Sponsored") == 1
    assert "Only 3 left" in text
    assert "Only 2 left" not in text  # the number was there, and nobody was shown it
    assert "2,000" in text
