"""Every shipped experiment can be registered, and is then itself, through a file and back."""

from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from aces.lock import read_lock, write_lock
from experiments.plan import make_plan
from experiments.registration import make_lock, registered

CONFIGS = sorted((Path(experiments.__file__).parent / "configs").glob("*.yaml"))
OWN_DATA = ("abxlab-pairs", "aces-replay")
"""On data that users fetch themselves."""
SHIPPED = [p for p in CONFIGS if "init" not in p.stem and p.stem not in OWN_DATA]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_experiment_is_as_it_was_registered(path, demo, tmp_path):
    spec = read_experiment(path)
    write_lock(make_lock(make_plan(spec, demo)), tmp_path / "lock.json")
    lock = read_lock(tmp_path / "lock.json")
    again = make_plan(read_experiment(path), demo)
    assert lock.alterations(registered(again)) == []
    seed = spec.seed + 1
    other = make_plan(spec.model_copy(update={"seed": seed}), demo)
    found = lock.alterations(registered(other))
    assert f"seed: {spec.seed} there, {seed} now" in map(str, found)
    assert lock.plan["analysis"]
