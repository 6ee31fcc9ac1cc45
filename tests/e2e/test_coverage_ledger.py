"""Every estimator, gate and part of a comparison says where its intervals were measured."""

import inspect
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis import checks
from analysis.checks import Check
from analysis.comparison import answer, findings
from analysis.comparison.parts import Part
from analysis.estimators import ESTIMATORS
from benchmarks.estimator_coverage_cells import cells, ledger

ROOT = Path(__file__).resolve().parents[2]


def gates():
    """Functions of `analysis.checks` that return a check."""
    return [
        name
        for name, found in inspect.getmembers(checks, inspect.isfunction)
        if inspect.signature(found).return_annotation in (Check, Check | None)
    ]


def parts():
    """What a comparison prints, by class."""
    return [
        name
        for module in (answer, findings)
        for name, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Part) and found is not Part and not name.startswith("_")
    ]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("estimator", ESTIMATORS.names()), ("gate", gates()), ("comparison", parts())],
)
def test_nothing_that_is_offered_is_left_out_and_nothing_else_is_in(kind, names):
    assert len(names) > 3
    assert sorted(ledger.LEDGER[kind]) == sorted(names)


def test_places_are_there_and_where_there_is_none_a_reason_is():
    families = {cell.family for cell in cells()}
    entries = [e for part in ledger.LEDGER.values() for several in part.values() for e in several]
    for entry in entries:
        assert entry.where or entry.why, entry
        for place in entry.where:
            folder = ROOT / "benchmarks" / "results" if place.endswith(".md") else ROOT
            found = (
                (folder / place).is_file() if place.endswith((".md", ".py")) else place in families
            )
            assert found, f"'{entry.what}': {place} is not there"
    named = {place for entry in entries for place in entry.where}
    assert families <= named, "families of cells that no entry names"


def test_where_a_miss_is_told_there_is_something_of_that_name():
    told = {
        word for cell in cells() for m in cell.methods for word in re.findall(r"`(.+?)`", m.told)
    }
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for package in ("aces", "analysis")
        for path in (ROOT / package).rglob("*.py")
    )
    for word in told - {"aces analyze"} - set(ESTIMATORS.names()):
        if word.endswith(".md"):
            assert (ROOT / "benchmarks" / "results" / word).is_file(), word
        elif "." in word:
            assert find_spec(word), word
        else:
            assert f"def {word}(" in sources, word


def test_no_method_of_the_stored_grid_misses_without_saying_so():
    grid = ROOT / "benchmarks" / "results" / "coverage-grid.md"
    lines = grid.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "**nowhere**" in line]


def test_the_table_names_every_part():
    lines = list(ledger.ledger_table())
    for kind, several in ledger.LEDGER.items():
        for name in several:
            assert any(line.startswith(f"| {kind} {name} |") for line in lines)
