"""A paired run from the experiment file to the difference within pairs, and without pairs."""

import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from analysis.analyze import analyze_paths
from experiments.executors.inline import InlineExecutor
from experiments.run import run

EXPERIMENT = """\
name: paired
seed: 3
catalog: demo
tasks: [{id: mousepad, category: mousepad, query: mouse pad}]
shelf: {size: 4, columns: 4}
design: DESIGN
treatments:
  - {use: position}
  - {use: price, sigma: 0.3}
  - use: listing
    name: seal
    products: [PRODUCT]
    arms:
      - {name: plain}
      - {name: sealed, changes: {marks: [{kind: seal, text: Tested and approved}]}}
buyers:
  - {use: utility, name: swayed, noise: independent, coefficients: {log_price: -1.5, seal: 1.5}}
  - {use: utility, name: blind, noise: independent, coefficients: {log_price: -1.5}}
interface: json
worlds_per_task: 200
analysis: [{use: within_pair, name: seal, by: [seal]}]
"""


@pytest.fixture(scope="module")
def demo():
    return load_catalog("demo")


def found(tmp_path, demo, design):
    product = next(p.id for p in demo.products.values() if p.category == "mousepad")
    file = tmp_path / "paired.yaml"
    file.write_text(EXPERIMENT.replace("DESIGN", design).replace("PRODUCT", product))
    run(read_experiment(file), demo, tmp_path / "run", InlineExecutor())
    return analyze_paths([tmp_path / "run"])[0]


def test_a_seal_is_found_within_pairs_and_nothing_where_nobody_sees_it(tmp_path, demo):
    analysis = found(tmp_path, demo, "{use: paired, by: seal}")
    rows = {row.buyer: row for row in analysis.estimates if row.estimator == "within_pair"}
    assert {row.n_trials for row in rows.values()} == {100}
    assert rows["swayed"].ci_low > 0
    assert rows["blind"].ci_low < 0 < rows["blind"].ci_high
    (finding,) = analysis.findings
    assert "buying a listing that the treatment marks" in finding.table.note


def test_without_pairs_it_says_how_to_have_them(tmp_path, demo):
    analysis = found(tmp_path, demo, "{use: independent}")
    assert any("design: {use: paired, by: ...}" in note for note in analysis.notes)
