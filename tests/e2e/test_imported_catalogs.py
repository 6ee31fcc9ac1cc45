"""Real catalogues of other people, from their files to what a planted buyer takes home."""

from pathlib import Path

import pytest

from aces.catalog import Catalog, load_catalog, write_catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from experiments.executors.inline import InlineExecutor
from experiments.run import run

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
