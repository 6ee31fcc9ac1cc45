"""The notebooks say what their sources say, run, and print what is stored; so does their run."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.schema import MIGRATIONS
from aces.store import RunStore
from analysis import load_choices
from experiments.executors.inline import InlineExecutor
from experiments.run import run
from scripts import notebooks

# one kernel at a time, however slow the machine
pytestmark = [pytest.mark.xdist_group("notebooks"), pytest.mark.timeout(1200)]
SOURCES = [source.stem for source in notebooks.sources()]
STORED = notebooks.FOLDER / "stored"
SWISSMETRO = "data/choice-biogeme/swissmetro.dat"


def read(path):
    return nbformat.read(path, as_version=4)


def built(name):
    return read(notebooks.FOLDER / f"{name}.ipynb")


def executed(name, folder, **env):
    """Runs a source in a process of its own and returns its notebook."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.notebooks", name, "--out", str(folder)],
        cwd=notebooks.ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return read(folder / f"{name}.ipynb")


def printed(notebook):
    """The text of every output, by cell."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[o.get("data", {}).get("text/plain", o.get("text")) for o in c.outputs] for c in cells]


NUMBER = re.compile(r"-?\d*\.?\d+(?:[eE][-+]?\d+)?")


def same(one, other):
    """Whether texts are equal but for blanks and the last digits of numbers."""
    one, other = (re.sub(r"\s+", "", text.replace("−", "-")) for text in (one, other))
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=1e-3, abs_tol=2e-3) for a, b in pairs)


def test_texts_are_compared_as_they_should_be():
    assert same("a  0.512\nb −1", "a 0.5121 b -1.0005")
    assert not same("a 0.512", "a 0.532")
    assert not same("a 300", "a 302")
    assert not same("lost .5", "gained .5")


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_built_is_what_the_source_says(name):
    fresh = notebooks.unexecuted(notebooks.FOLDER / f"{name}.py")
    ours, theirs = ([(c.cell_type, c.source) for c in n.cells] for n in (fresh, built(name)))
    assert ours == theirs, f"{name}.ipynb is not built from {name}.py: make notebooks"
    assert sum(kind == "markdown" for kind, _ in ours) >= 5


def test_nothing_is_built_without_a_source_and_files_are_small():
    assert [path.stem for path in sorted(notebooks.FOLDER.glob("*.ipynb"))] == SOURCES
    page = (notebooks.ROOT / "docs" / "notebooks.md").read_text()
    assert all(f"notebooks/{name}.ipynb" in page for name in SOURCES)
    sizes = [path.stat().st_size for path in notebooks.FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) < 6_000_000


SLOW = {"power_planning": [pytest.mark.slow]}
ALONE = [pytest.param(name, marks=SLOW.get(name, [])) for name in SOURCES if name != "other_data"]


@pytest.mark.parametrize("name", ALONE)
def test_a_notebook_runs_and_prints_what_is_stored(name, tmp_path):
    check(built(name), executed(name, tmp_path))


def check(stored, found):
    assert any("image/png" in o.get("data", {}) for c in found.cells for o in c.get("outputs", []))
    for before, now in zip(printed(stored), printed(found), strict=True):
        assert len(before) == len(now)
        for old, new in zip(before, now, strict=True):
            assert same(old, new), f"stored:\n{old}\n\nnow:\n{new}\n\nmake notebooks"


def test_published_estimates_of_swissmetro_come_out(shared, tmp_path):
    found = executed("other_data", tmp_path, SWISSMETRO=str(shared / SWISSMETRO))
    check(built("other_data"), found)
    gaps, fits = gaps_and_fits(found)
    assert all(abs(gap) < 1e-4 for gap in gaps.values())
    assert fits == [-5331.252, -5331.252]


def gaps_and_fits(notebook):
    """Term -> estimate less published; log-likelihood, and the published one."""
    (estimates,), (fits,) = printed(notebook)[2:4]
    lines = [line.split() for line in estimates.splitlines()[1:]]
    numbers = [float(found) for found in re.findall(r"-\d+\.\d+$", fits, re.M)]
    return {line[0]: float(line[-1]) for line in lines}, numbers


def test_without_the_file_it_runs_on_what_is_drawn_and_says_so(tmp_path):
    found = executed("other_data", tmp_path, SWISSMETRO=str(tmp_path / "nowhere.dat"))
    cells = printed(found)
    assert cells[0] == ["'drawn from the published model, NOT Swissmetro'"]
    gaps, _ = gaps_and_fits(found)
    assert set(gaps) == {"train", "car", "time", "cost"}
    assert all(0 < abs(gap) < 0.4 for gap in gaps.values())  # errors are .06 to .1


# -- the run that they read -----------------------------------------------------------------


def test_the_stored_run_is_what_its_config_gives(tmp_path):
    spec = read_experiment(notebooks.CONFIG)
    run(spec, load_catalog("demo"), tmp_path / "stored", InlineExecutor())
    pd.testing.assert_frame_equal(load_choices(STORED), load_choices(tmp_path / "stored"))
    metas = []
    for folder in (STORED, tmp_path / "stored"):
        with RunStore.open(folder) as store:
            metas.append({key: store.meta(key) for key in ("spec", "truths", "declarations")})
    assert metas[0] == metas[1]


def test_reading_the_stored_run_changes_nothing():
    before = {path: path.read_bytes() for path in STORED.iterdir()}
    with RunStore.open(STORED) as store:
        (version,) = store.db.execute("PRAGMA user_version").fetchone()
        assert store.db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert version == len(MIGRATIONS), "of an older format: python -m scripts.notebooks --run"
    load_choices(STORED)
    assert {path: path.read_bytes() for path in STORED.iterdir()} == before


def test_the_stored_run_says_nothing_of_where_it_was_made():
    """Paths of the maker's machine have no place in a file that ships."""
    text = (STORED / "manifest.json").read_text()
    assert not re.search(r'"/(?:home|root|tmp|work|Users)/', text)
    assert str(Path.home()) not in text
