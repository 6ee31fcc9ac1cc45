"""Small experiments on the built-in catalogue, run in this process or as a user would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from experiments.executors.inline import InlineExecutor
from experiments.plan import make_plan
from experiments.run import run

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENT = """\
name: small
seed: 11
tasks:
  - {id: watch, category: fitness_watch}
  - {id: stapler, category: stapler}
shelf: {size: 6, columns: 3}
treatments:
  - {use: position}
  - {use: price, sigma: 0.3}
  - {use: badges}
buyers:
  - {use: utility, name: planted, coefficients: {row_1: 0.9, log_price: -1.8}}
  - {use: random, name: blind, leave: true}
interface: json
worlds_per_task: 3
"""
BUYERS = '''
"""Buyers that misbehave."""
import os
import pathlib
import signal

from aces.types import AddToCart, Back, Stop


class Session:
    def __init__(self, act, stream):
        self.choose, self.stream = act, stream

    async def act(self, observation):
        return self.choose(self.stream, observation)


class Buyer:
    def start(self, task, stream):
        return Session(type(self).choose, stream)

    def truth(self):
        return None


def first(seen):
    return AddToCart(product_id=seen.listings[0].product_id)


class Raising(Buyer):
    """Raises while the file `broken` is there."""
    def choose(stream, seen):
        if pathlib.Path(os.environ["ACES_TEST"], "broken").exists():
            raise ZeroDivisionError("the buyer fell over")
        return first(seen)


class Nonsense(Buyer):
    def choose(stream, seen):
        return {"type": "fly"}


class Idle(Buyer):
    def choose(stream, seen):
        return Back()


class Leaving(Buyer):
    def choose(stream, seen):
        return Stop(reason="too dear")


class Unparseable(Buyer):
    def choose(stream, seen):
        from aces.errors import TrialError
        raise TrialError("unparseable", "I would take the first one")


class Deadly(Buyer):
    """One trial in twenty takes its process with it, always the same ones."""
    def choose(stream, seen):
        if stream.uniform() < 0.05:
            os.kill(os.getpid(), signal.SIGKILL)
        return first(seen)
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with `bad_buyers.py`, importable here and in processes started from here."""
    (tmp_path / "bad_buyers.py").write_text(BUYERS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    monkeypatch.setenv("ACES_TEST", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def demo():
    return load_catalog("demo")


@pytest.fixture
def write(folder):
    """Writes the experiment with some text replaced, and returns its path."""

    def write(*replacements):
        text = EXPERIMENT
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = folder / "small.yaml"
        path.write_text(text)
        return path

    return write


def buyers(lines):
    """A replacement that puts these buyers in the place of all."""
    return EXPERIMENT[EXPERIMENT.index("  - {use: utility") : EXPERIMENT.index("interface")], lines


def buyer(name):
    """A replacement that puts one misbehaving buyer in the place of all."""
    return buyers(f"  - {{use: 'bad_buyers:{name}', name: bad}}\n")


@pytest.fixture(name="buyers")
def other_buyers():
    return buyers


@pytest.fixture(name="buyer")
def bad_buyer():
    return buyer


@pytest.fixture
def planned(write, demo):
    def planned(*replacements, **settings):
        path = write(*replacements)
        spec = read_experiment(path, [f"{key}={value}" for key, value in settings.items()])
        return make_plan(spec, demo)

    return planned


@pytest.fixture
def go(write, demo, folder):
    """Runs the experiment in this process into `run`, and returns the result."""

    def go(*replacements, settings=(), out="run", executor=None, **options):
        spec = read_experiment(write(*replacements), settings)
        return run(spec, demo, folder / out, executor or InlineExecutor(), **options)

    return go


@pytest.fixture
def aces(folder):
    """Starts `aces` as a process of its own."""

    def aces(*arguments, wait=True):
        process = subprocess.Popen(
            [sys.executable, "-m", "aces", *map(str, arguments)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "200"},
        )
        if not wait:
            return process
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return aces


def outcomes(folder):
    """Trial -> (status, product) of every stored run's trials, in plan order."""
    with RunStore.open(folder) as store:
        return {
            row[0]: row[1:]
            for row in store.db.execute(
                "SELECT trial_id, status, product_id FROM latest JOIN trials USING (trial_id) "
                "ORDER BY plan_index"
            )
        }


@pytest.fixture(name="outcomes")
def stored_outcomes():
    return outcomes
